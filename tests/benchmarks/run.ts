// Measures, and prints what came of it: `npm run bench`, `npm run bench NAME`, `npm run bench -- --json`.
import { parseArgs } from 'node:util';
import type { Figure } from './figure.ts';
import { resultOf, tableOf } from './figure.ts';
import { testKit } from './test-kit.ts';

const figures: readonly Figure[] = [testKit];

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !figures.some((figure) => figure.name === name));
if (unknown.length > 0) {
  const known = figures.map(({ name }) => name).join(', ');
  console.error(`No figure is named ${unknown.join(', ')}. There are: ${known}.`);
  process.exitCode = 1;
} else {
  const results = [];
  for (const figure of figures) {
    if (positionals.length > 0 && !positionals.includes(figure.name)) continue;
    results.push(await resultOf(figure));
  }
  console.log(values.json ? JSON.stringify(results, undefined, 2) : tableOf(results));
}
