import type { Files } from './parse.ts';
import type { SupervisorOptions } from '../../lib/index.ts';
import type { TreeFiles } from '../../lib/testing/index.ts';

/**
 * The files on the disk of a scenario: scripts, of which only the names matter, and control files with their values.
 */
export function literalOf(files: Files): TreeFiles {
  const onDisk = [...files].filter(([path]) => path !== hostCommand);
  return Object.fromEntries(onDisk.map(([path, text]) => [path, contentOf(path, text)]));
}

/** The name of the host's own command: it is listed among the files, so that a scenario can say what it does. */
const hostCommand = 'command';

function contentOf(path: string, text: string): string {
  if (childOf(path) !== undefined) return '#!/bin/sh\n';
  if (!controlFiles.has(path.split('/').at(-1) ?? '')) throw new Error(`What is ${path}?`);
  return text;
}

const controlFiles: ReadonlySet<string> = new Set([
  'down',
  'notification-fd',
  'timeout-kill',
  'timeout-finish',
  'max-death-tally',
  'down-signal',
]);

/**
 * The name of the child that a script becomes: `services.d/web/log/run` is `web/log`; a script of a stage has its file
 * name, or its path.
 */
export function childOf(path: string): string | undefined {
  if (path === hostCommand) return path;
  const [, stage, name = ''] = /^(cont-init\.d|cont-finish\.d|services\.d)\/(.+)$/.exec(path) ?? [];
  if (stage !== 'services.d') return stage === undefined ? undefined : path;
  if (name.endsWith('/run')) return name.slice(0, -'/run'.length);
  return name.endsWith('/finish') ? name : undefined;
}

/** Options from words such as `timeouts.services=500` or `services.web.essential=true`. */
export function optionsOf(words: readonly string[]): SupervisorOptions {
  const options: Fields = {};
  for (const word of words) {
    const [place = '', text = ''] = word.split('=');
    const path = place.split('.');
    const last = path.pop() ?? '';
    const fields = path.reduce<Fields>((at, name) => (at[name] ??= {}) as Fields, options);
    fields[last] = /^(\d+|true|false|\{.*)$/.test(text) ? (JSON.parse(text) as unknown) : text;
  }
  return options;
}

type Fields = Record<string, unknown>;
