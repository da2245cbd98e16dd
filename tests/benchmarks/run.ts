// Measures this library and its peers on the same work, and prints the results. Usage:
//   npm run bench [FIGURE...] [-- --json] [-- --svg FOLDER] [-- --runs N] [-- --at-most SERVICES] [-- --with-pm2]
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { chartOf } from './chart.ts';
import { everyone } from './contenders/everyone.ts';
import type { Contender } from './contenders/contender.ts';
import { installPm2 } from './contenders/pm2.ts';
import { figures } from './figures.ts';
import type { Report, ReportedFigure } from './report.ts';
import { reported, tableOf } from './report.ts';
import { Workshop } from './workshop.ts';

/** From this load average on, other processes distort the figures. */
const busy = 0.7;

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    svg: { type: 'string' },
    runs: { type: 'string', default: '5' },
    'at-most': { type: 'string', default: '1000' },
    'with-pm2': { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !figures.some((figure) => figure.name === name));
if (unknown.length > 0) {
  const known = figures.map(({ name }) => name).join(', ');
  console.error(`No figure is named ${unknown.join(', ')}. There are: ${known}.`);
  process.exitCode = 1;
} else if (!isCount(values.runs) || !isCount(values['at-most'])) {
  console.error('--runs and --at-most must be whole numbers from 1 on.');
  process.exitCode = 1;
} else {
  const workshop = new Workshop();
  // Nothing is left, also after an error.
  process.on('exit', () => {
    workshop.close();
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Ctrl-C at a terminal may arrive twice, from npm as well: a listener that stays prevents that the second one interrupts this.
    process.on(signal, () => {
      workshop.close();
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    });
  }
  try {
    await bench(workshop);
  } finally {
    workshop.close();
  }
}

async function bench(workshop: Workshop): Promise<void> {
  const began = performance.now();
  const [load = 0] = loadavg();
  if (load > busy)
    console.error(`The machine is busy (load ${load.toFixed(1)}): the figures are not reliable.`);
  if (values['with-pm2']) await installPm2(workshop);
  const { contenders, missing } = await present(workshop);
  const runs = Number(values.runs);
  const wanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name);
  const setting = { workshop, contenders, runs, most: Number(values['at-most']), wanted };
  const done: ReportedFigure[] = [];
  for (const figure of figures) {
    if (!wanted(figure.name)) continue;
    const start = performance.now();
    const series = await figure.measure(setting);
    const took = secondsSince(start);
    const result = reported({ figure: figure.name, work: figure.work, took, series });
    done.push(result);
    if (!values.json) console.log(tableOf(result, paint));
    if (values.svg !== undefined) draw(values.svg, result);
  }
  const took = secondsSince(began);
  const cores = availableParallelism();
  const report: Report = { node: process.version, cores, load, runs, missing, took, figures: done };
  console.log(values.json ? JSON.stringify(report, undefined, 2) : closingOf(report));
}

function closingOf({ node, cores, runs, missing, took }: Report): string {
  const reasons = Object.entries(missing).map(([name, reason]) => `Missing: ${name}: ${reason}.`);
  const medians = `medians of ${String(runs)} runs in turns, ${String(took)} s in all`;
  return [...reasons, `Node ${node}, ${String(cores)} cores, ${medians}.`].join('\n');
}

function secondsSince(start: number): number {
  return Math.round((performance.now() - start) / 1000);
}

/** The contenders that can take part, and for the others the reasons why not. */
async function present(workshop: Workshop): Promise<{
  contenders: readonly Contender[];
  missing: Readonly<Record<string, string>>;
}> {
  const contenders: Contender[] = [];
  const missing: Record<string, string> = {};
  for (const contender of everyone) {
    const reason = await contender.absence(workshop);
    if (reason === undefined) contenders.push(contender);
    else missing[contender.name] = reason;
  }
  return { contenders, missing };
}

function isCount(text: string): boolean {
  return /^[1-9]\d*$/.test(text);
}

function paint(text: string, met: boolean): string {
  return process.stdout.isTTY ? styleText(met ? 'green' : 'red', text) : text;
}

function draw(folder: string, figure: ReportedFigure): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${figure.name}.svg`), chartOf(figure));
}
