import type { Files } from './parse.ts';
import { wordsOf } from './parse.ts';
import type { TreeOptions } from '../../lib/machine/state.ts';
import { parseSignal } from '../../lib/model/exit.ts';
import type { ScriptSpec, ServiceSpec, Tree } from '../../lib/model/tree.ts';
import { loggerName } from '../../lib/model/tree.ts';
import { service, treeOptions } from '../machine/samples.ts';

/** Where the trees of scenarios stand. */
export const root = '/etc';

/** The tree that files make: stages and services in the order of their names, control files with their values. */
export function treeOf(files: Files): Tree {
  return {
    root,
    fixAttrs: [],
    init: scriptsIn('cont-init.d', files),
    services: namesIn('services.d', files).map((name) => serviceIn(name, files)),
    finish: scriptsIn('cont-finish.d', files),
  };
}

/** The name of the child that a script becomes: `services.d/web/log/run` is `web/log`, `cont-init.d/10-a` is `10-a`. */
export function childOf(path: string): string | undefined {
  const [, name] = /^(?:cont-(?:init|finish)\.d|services\.d)\/(.+)$/.exec(path) ?? [];
  if (name === undefined || !path.startsWith('services.d/')) return name;
  if (name.endsWith('/run')) return name.slice(0, -'/run'.length);
  return name.endsWith('/finish') ? name : undefined;
}

/** Options from words such as `timeouts.services=500` or `services.web.essential=true`. */
export function optionsOf(words: readonly string[]): TreeOptions {
  const options = structuredClone(treeOptions({ output: 'lines' })) as unknown as Fields;
  for (const word of words) {
    const [place = '', text = ''] = word.split('=');
    const path = place.split('.');
    const last = path.pop() ?? '';
    const fields = path.reduce<Fields>((at, name) => (at[name] ??= {}) as Fields, options);
    fields[last] = /^(\d+|true|false|\{.*)$/.test(text) ? (JSON.parse(text) as unknown) : text;
  }
  return options as unknown as TreeOptions;
}

type Fields = Record<string, unknown>;

function serviceIn(name: string, files: Files): ServiceSpec {
  const folder = `services.d/${name}`;
  const hasLogger = files.has(`${folder}/log/run`) && !name.endsWith('/log');
  return service(name, {
    ...fieldsIn(folder, files),
    ...(files.has(`${folder}/finish`) && { finish: { script: `${root}/${folder}/finish` } }),
    ...(hasLogger && { logger: serviceIn(loggerName(name), files) }),
  });
}

/** The control files that scenarios use, with the fields that they set. */
const controlFiles: Readonly<Record<string, (text: string) => Partial<ServiceSpec>>> = {
  down: () => ({ down: true }),
  'notification-fd': (text) => ({ notificationFd: Number(text) }),
  'timeout-kill': (text) => ({ timeoutKill: Number(text) }),
  'timeout-finish': (text) => ({ timeoutFinish: Number(text) }),
  'max-death-tally': (text) => ({ maxDeathTally: Number(text) }),
  'down-signal': (text) => ({ downSignal: parseSignal(text) ?? 'SIGTERM' }),
};

function fieldsIn(folder: string, files: Files): Partial<ServiceSpec> {
  let fields: Partial<ServiceSpec> = {};
  for (const [name, read] of Object.entries(controlFiles)) {
    const text = files.get(`${folder}/${name}`);
    if (text !== undefined) fields = { ...fields, ...read(text) };
  }
  return fields;
}

function scriptsIn(folder: string, files: Files): readonly ScriptSpec[] {
  return namesIn(folder, files).map((name) => ({
    name,
    run: { script: `${root}/${folder}/${name}` },
  }));
}

function namesIn(folder: string, files: Files): readonly string[] {
  const below = [...files.keys()].filter((path) => path.startsWith(`${folder}/`));
  return [...new Set(below.map((path) => path.split('/')[1] ?? ''))].sort();
}

/** Whether a line of a tree can be understood: a script or a known control file. */
export function isKnown(path: string): boolean {
  return childOf(path) !== undefined || (path.split('/').at(-1) ?? '') in controlFiles;
}

/** A line of a tree that nobody understands is a mistake in the scenario. */
export function refuseUnknown(files: Files): void {
  const unknown = [...files.keys()].filter((path) => !isKnown(path));
  if (unknown.length > 0) throw new Error(`What is ${wordsOf(unknown.join(' ')).join(', ')}?`);
}
