import fc from 'fast-check';
import type { LifecycleInput } from '../../lib/machine/service/service-state.ts';
import type { MachineInput } from '../../lib/machine/tree/tree-state.ts';
import type { TreeOptions } from '../../lib/machine/tree/tree-options.ts';
import type { Exit } from '../../lib/model/exit.ts';
import type { ServiceSpec, Tree } from '../../lib/model/tree.ts';
import { loggerName } from '../../lib/model/tree.ts';
import type { Behaviour } from '../../lib/testing/simulation/behaviour.ts';
import { script, service, tree, treeOptions } from '../machine/samples.ts';

/** A random life: its trees, the behaviour of its processes, and the commands to it. */
export interface Life {
  /** The trees on the disk, one for each read; the first is the initial one. */
  readonly trees: readonly Tree[];
  readonly options: TreeOptions;
  readonly behaviours: Readonly<Record<string, readonly Behaviour[]>>;
  /** Milliseconds that a spawn takes, and that a read of the disk takes. */
  readonly delay: number;
  /** Whether dead processes leave others behind. */
  readonly leaves: boolean;
  readonly acts: readonly Act[];
}

/** One command or event of a life. */
export type Act =
  | { readonly do: 'tell'; readonly input: MachineInput }
  | { readonly do: 'reread'; readonly tree: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'exit'; readonly child: number; readonly exit: Exit }
  | { readonly do: 'announce'; readonly child: number };

const producers = ['api', 'web'];
const names = [...producers, ...producers.map(loggerName)];
const initScripts = ['10-a', '20-b'];
const finishScripts = ['90-z'];

const exits: fc.Arbitrary<Exit> = fc.oneof(
  fc.constantFrom(0, 1, 125).map((code) => ({ code, signal: null })),
  fc.constantFrom('SIGKILL', 'SIGTERM').map((signal) => ({ code: null, signal })),
);

const soon = fc.constantFrom(1, 50, 1500);
const cannotRun = fc.constantFrom('ENOENT', 'EACCES').map((unspawnable) => ({ unspawnable }));
const stubborn = { ignores: ['SIGTERM', 'SIGHUP', 'end-of-file'] } as const;
const endless = { ...stubborn, after: Infinity };

const runs: fc.Arbitrary<Behaviour> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  fc.record({ after: soon, exit: exits }),
  fc.record({ after: soon, ready: fc.constant(true) }),
  fc.constant(stubborn),
  cannotRun,
);

const scripts: fc.Arbitrary<Behaviour> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ after: fc.constantFrom(0, 30), exit: exits }) },
  { weight: 2, arbitrary: fc.constantFrom({}, { after: 30 }) },
  fc.constant(endless),
  cannotRun,
);

function several(behaviour: fc.Arbitrary<Behaviour>): fc.Arbitrary<readonly Behaviour[]> {
  return fc.array(behaviour, { minLength: 1, maxLength: 3 });
}

const behaviours: fc.Arbitrary<Life['behaviours']> = fc.record({
  ...Object.fromEntries(names.map((name) => [name, several(runs)])),
  ...Object.fromEntries(names.map((name) => [`${name}/finish`, several(scripts)])),
  ...Object.fromEntries([...initScripts, ...finishScripts].map((name) => [name, several(scripts)])),
  command: several(runs),
});

const limit = fc.constantFrom(undefined, { deaths: 2, within: 5000 });

const fields: fc.Arbitrary<Partial<ServiceSpec>> = fc
  .record({
    down: fc.nat(9).map((dice) => dice === 0),
    essential: fc.nat(9).map((dice) => dice === 0),
    restart: fc.constantFrom('always', 'always', 'on-failure', 'never'),
    maxDeathTally: fc.constantFrom(0, 2, 100),
    more: fc.record({
      notificationFd: fc.constantFrom(undefined, undefined, 3),
      killTimeout: fc.constantFrom(undefined, undefined, 0, 500),
      finishTimeout: fc.constantFrom(undefined, undefined, 0, 700),
      growing: fc.option(limit, { nil: null }),
    }),
  })
  .map(({ more: { growing, ...more }, ...always }) => ({
    ...always,
    ...given(more),
    ...(growing !== null && {
      backoff: { first: 20, factor: 2, cap: 900, reset: 1000, ...given({ limit: growing }) },
    }),
  }));

function services(name: string): fc.Arbitrary<ServiceSpec> {
  return fc
    .record({
      own: fields,
      logs: fc.boolean(),
      ofLogger: fields,
      ends: fc.boolean(),
      logEnds: fc.boolean(),
    })
    .map(({ own, logs, ofLogger, ends, logEnds }) =>
      service(name, {
        ...own,
        ...finishOf(name, ends),
        ...(logs && {
          logger: service(loggerName(name), {
            ...ofLogger,
            ...finishOf(loggerName(name), logEnds),
            essential: false,
          }),
        }),
      }),
    );
}

function finishOf(name: string, ends: boolean): Partial<ServiceSpec> {
  return ends ? { finish: { script: `/etc/services.d/${name}/finish` } } : {};
}

const rule = { source: 's', line: 1, path: '/p', recurse: true, account: 'a' };

const trees: fc.Arbitrary<Tree> = fc
  .record({
    found: fc.subarray(producers).chain((some) => fc.tuple(...some.map(services))),
    fixAttrs: fc.constantFrom([], [rule]),
    init: fc.subarray(initScripts),
    finish: fc.subarray(finishScripts),
  })
  .map(({ found, fixAttrs, init, finish }) =>
    tree({
      root: '/etc',
      fixAttrs,
      services: found,
      init: init.map(script),
      finish: finish.map(script),
    }),
  );

const options: fc.Arbitrary<TreeOptions> = fc
  .record({
    onInitFailure: fc.constantFrom('continue', 'warn', 'stop'),
    timeouts: fc.record({
      init: fc.constantFrom(0, 1000),
      readiness: fc.constantFrom(0, 2000),
      services: fc.constantFrom(0, 300, 3000),
      finish: fc.constantFrom(0, 1000),
      kill: fc.constantFrom(0, 100),
    }),
  })
  .map(treeOptions);

const patience = fc.constantFrom(undefined, 0, 200);

const commands: fc.Arbitrary<LifecycleInput> = fc.oneof(
  fc.constantFrom<LifecycleInput>({ type: 'start' }, { type: 'once' }),
  fc
    .constantFrom<'stop' | 'restart'>('stop', 'restart')
    .chain((type) => patience.map((ms): LifecycleInput => ({ type, ...given({ patience: ms }) }))),
  fc
    .constantFrom<NodeJS.Signals>('SIGHUP', 'SIGTERM')
    .map((signal): LifecycleInput => ({ type: 'signal', signal })),
);

const inputs: fc.Arbitrary<MachineInput> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant('service' as const),
      service: fc.constantFrom(...names),
      input: commands,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('advance' as const),
      target: fc.constantFrom('init', 'services', 'services', 'services'),
      skipInit: fc.nat(5).map((dice) => dice === 0),
    }),
  },
  fc.constantFrom<MachineInput>(
    { type: 'command', command: ['sh'] },
    { type: 'command', command: ['sh'], waits: true },
    { type: 'shorten', within: 100 },
    { type: 'signal', signal: 'SIGTERM' },
    { type: 'advance', target: 'stopped' },
    { type: 'end', ending: { reason: 'stopped', exitCode: 0 } },
    { type: 'end', ending: { reason: 'signal', exitCode: 143, signal: 'SIGTERM' }, grace: 100 },
  ),
);

const child = fc.nat(7);

const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: inputs.map((input): Act => ({ do: 'tell', input })) },
  {
    weight: 8,
    arbitrary: fc.constantFrom(0, 1, 60, 1000, 6000).map((ms): Act => ({ do: 'pass', ms })),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('exit' as const), child, exit: exits }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('announce' as const), child }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reread' as const), tree: fc.nat(2) }) },
);

/** Random lives. */
export const lives: fc.Arbitrary<Life> = fc.record({
  trees: fc.array(trees, { minLength: 1, maxLength: 3 }),
  options,
  behaviours,
  delay: fc.constantFrom(0, 5),
  leaves: fc.nat(3).map((dice) => dice === 0),
  acts: fc.array(acts, { maxLength: 40 }),
});

/** The fields that have a value. */
function given<T extends object>(values: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}
