// What the types promise to a user; `npm run typecheck` checks them, nothing runs them.
import { expectTypeOf } from 'expect-type';
import type {
  Clock,
  EventOf,
  Exit,
  LifecycleEvent,
  Phase,
  Problem,
  Script,
  ServiceStatus,
  Spawner,
  StageResult,
  StagekeeperError,
  SupervisorEvents,
  SupervisorOptions,
  Tree,
  TreeInput,
  Verdict,
} from 'stagekeeper';
import { Service, Supervisor, TreeError } from 'stagekeeper';
import type {
  Behaviour,
  ContractCase,
  ContractRig,
  Exploration,
  FakeChild,
  Life,
  Simulation,
  SpawnerRequest,
  Transcript,
  Trial,
} from 'stagekeeper/testing';
import {
  FakeSpawner,
  VirtualClock,
  check,
  exit,
  expectOrder,
  explore,
  hang,
  ignores,
  print,
  processRig,
  ready,
  sequence,
  simulate,
  spawnerContract,
  transcript,
  treeOf,
  trial,
  unspawnable,
  virtualRig,
} from 'stagekeeper/testing';

declare const supervisor: Supervisor;
declare const service: Service;
declare const event: LifecycleEvent;
declare const error: unknown;
declare const spawner: Spawner;

export function makingOne(): void {
  expectTypeOf(Supervisor.load).parameter(0).toEqualTypeOf<string | URL>();
  expectTypeOf(Supervisor.load).parameter(1).toEqualTypeOf<SupervisorOptions | undefined>();
  expectTypeOf(Supervisor.load('/etc')).resolves.toEqualTypeOf<Supervisor>();
  expectTypeOf<Tree>().toExtend<TreeInput>();
  expectTypeOf<Supervisor>().toExtend<AsyncDisposable>();
  new Supervisor({ services: [{ name: 'web', run: ['sleep', '1'], restart: 'on-failure' }] });
  // @ts-expect-error: a service has a name
  new Supervisor({ services: [{ run: ['sleep', '1'] }] });
  // @ts-expect-error: no such policy
  new Supervisor({ services: [{ name: 'web', run: ['sleep', '1'], restart: 'sometimes' }] });
  // @ts-expect-error: no such option
  new Supervisor({}, { onInitFailures: 'stop' });
  // @ts-expect-error: an option may be left out, but not be undefined
  new Supervisor({}, { strict: undefined });
}

export function whatThereIs(): void {
  expectTypeOf(supervisor.tree).toEqualTypeOf<Tree>();
  expectTypeOf(supervisor.phase).toEqualTypeOf<Phase>();
  expectTypeOf(supervisor.problems).toEqualTypeOf<readonly Problem[]>();
  expectTypeOf(supervisor.services).toEqualTypeOf<ReadonlyMap<string, Service>>();
  expectTypeOf(supervisor.service('web')).toEqualTypeOf<Service>();
  expectTypeOf(supervisor.stages.init.name).toEqualTypeOf<'init' | 'finish'>();
  expectTypeOf<Supervisor['stages']['init']['kind']>().toEqualTypeOf<'scripts'>();
  expectTypeOf(supervisor.stages.init.scripts).toEqualTypeOf<readonly Script[]>();
  expectTypeOf<Supervisor['stages']['services']['name']>().toEqualTypeOf<'services'>();
  expectTypeOf(supervisor.explain('web')).toBeString();
  // @ts-expect-error: a tree cannot be written to
  supervisor.tree.services.push();
}

export function threeHeights(): void {
  expectTypeOf(
    supervisor.run({ signals: true, command: ['true'] }),
  ).resolves.toEqualTypeOf<Verdict>();
  expectTypeOf(supervisor.start()).resolves.toEqualTypeOf<StageResult>();
  expectTypeOf(supervisor.start({ allowFailures: true })).resolves.toEqualTypeOf<StageResult>();
  expectTypeOf(supervisor.stop()).resolves.toEqualTypeOf<Verdict>();
  expectTypeOf(supervisor.stages.init.run()).resolves.toEqualTypeOf<StageResult>();
  expectTypeOf(supervisor.stages.services.start()).resolves.toEqualTypeOf<StageResult>();
  expectTypeOf(supervisor.stages.services.stop()).resolves.toEqualTypeOf<StageResult>();
  expectTypeOf(service.start({ signal: AbortSignal.timeout(1) })).resolves.toBeVoid();
  expectTypeOf(service.once()).resolves.toBeVoid();
  expectTypeOf(service.restart()).resolves.toBeVoid();
  expectTypeOf(service.when).parameter(0).toEqualTypeOf<ServiceStatus | 'ready'>();
  // @ts-expect-error: no such signal
  service.signal('SIGTREM');
}

export function aService(): void {
  expectTypeOf(service.status).toEqualTypeOf<ServiceStatus>();
  expectTypeOf(service.logger).toEqualTypeOf<Service | undefined>();
  expectTypeOf(service.pid).toEqualTypeOf<number | undefined>();
  expectTypeOf(service.lastExit).toEqualTypeOf<Exit | undefined>();
  // @ts-expect-error: services belong to a supervisor
  new Service('web');
  // @ts-expect-error: a service emits its own events only
  service.on('phase', () => undefined);
}

export function everyEventByItsType(): void {
  expectTypeOf<keyof SupervisorEvents>().toEqualTypeOf<LifecycleEvent['type'] | 'event'>();
  expectTypeOf(supervisor.events()).toExtend<AsyncIterable<LifecycleEvent>>();
  supervisor.on('service', (it) => {
    expectTypeOf(it).toEqualTypeOf<EventOf<'service'>>();
    expectTypeOf(it.to).toEqualTypeOf<ServiceStatus>();
    expectTypeOf(it.at).toBeNumber();
  });
  supervisor.on('event', (it) => {
    expectTypeOf(it).toEqualTypeOf<LifecycleEvent>();
  });
  // @ts-expect-error: no event is called error
  supervisor.on('error', () => undefined);
  if (event.type === 'ready') expectTypeOf(event.pid).toBeNumber();
  // @ts-expect-error: only with output: 'lines' events
  if (event.type === 'phase') expectTypeOf(event.line).toBeString();
}

export function errorsTellThemselvesApart(): void {
  if (error instanceof TreeError) {
    expectTypeOf(error).toExtend<StagekeeperError>();
    expectTypeOf<TreeError['code']>().toEqualTypeOf<'ERR_TREE'>();
    expectTypeOf(error.problems).toEqualTypeOf<readonly Problem[]>();
  }
}

export function doubles(): void {
  expectTypeOf<VirtualClock>().toExtend<Clock>();
  expectTypeOf<FakeSpawner>().toExtend<Spawner>();
  const clock = new VirtualClock();
  new Supervisor({}, { clock, spawner: new FakeSpawner(clock) });
}

export function behaviours(): void {
  const fake = new FakeSpawner(new VirtualClock());
  fake.script('web', sequence(ignores('SIGTERM'), ready(50), print('hello'), exit('SIGSEGV', 200)));
  fake.script('cont-init.d/10-db', [unspawnable(), unspawnable('EACCES'), hang(), exit(1)]);
  fake.script('web', { exit: { code: 1, signal: null }, after: 10, leaves: 'stubborn' });
  fake.script('web', { print: 'text', stream: 'stderr', does: () => undefined, next: exit(0) });
  // @ts-expect-error: no such signal
  ignores('SIGTREM');
  // @ts-expect-error: no such field
  fake.script('web', { exits: 1 });
  expectTypeOf(sequence()).toEqualTypeOf<Behaviour>();
  expectTypeOf(fake.child('web')).toEqualTypeOf<FakeChild>();
  expectTypeOf(fake.child('web').stopped).toBeBoolean();
  expectTypeOf(fake.spawned).toEqualTypeOf<readonly string[]>();
  fake.child('web').print('text', 'stderr');
}

export function whatIsHeard(): void {
  new FakeSpawner(new VirtualClock(), {
    heard: (request) => {
      expectTypeOf(request).toEqualTypeOf<SpawnerRequest>();
      if (request.type === 'spawn') expectTypeOf(request.command.name).toBeString();
      if (request.type === 'kill') expectTypeOf(request.scope).toEqualTypeOf<'process' | 'group'>();
      // @ts-expect-error: a pipe has no signal
      if (request.type === 'closePipe') expectTypeOf(request.signal).toBeString();
    },
  });
}

export function aSpawnerOfOnesOwn(): void {
  expectTypeOf(spawnerContract).toEqualTypeOf<readonly ContractCase[]>();
  expectTypeOf(processRig(spawner)).toEqualTypeOf<ContractRig>();
  const clock = new VirtualClock();
  for (const { name, check } of spawnerContract) {
    expectTypeOf(name).toBeString();
    expectTypeOf(check(virtualRig(clock, new FakeSpawner(clock)))).resolves.toBeVoid();
  }
  // @ts-expect-error: a double needs script(), to set the behaviours of its children
  virtualRig(clock, spawner);
}

export function livesUnderTest(life: Life, simulation: Simulation): void {
  expectTypeOf<Simulation>().toExtend<Life>();
  expectTypeOf<Trial>().toExtend<Life>();
  expectTypeOf(simulate).returns.resolves.toEqualTypeOf<Simulation>();
  expectTypeOf(trial).returns.resolves.toEqualTypeOf<Trial>();
  expectTypeOf(simulation.clock).toEqualTypeOf<VirtualClock>();
  expectTypeOf(simulation.spawner).toEqualTypeOf<FakeSpawner>();
  void simulate('rootfs/etc');
  void simulate(new URL('file:///etc'), { onInitFailure: 'stop', variables: { PORT: '1' } });
  void simulate(treeOf({ 'services.d/web/run': '' }));
  void trial({ 'services.d/web/run': '#!/bin/sh' });
  void trial({ services: [{ name: 'web', run: ['web'] }] });
  // @ts-expect-error: a simulation has its own clock
  void simulate('rootfs/etc', { clock: simulation.clock });
  // @ts-expect-error: only a simulation has a time that can be advanced
  life.advance(1);
}

export function whatUntilWaitsFor({ until }: Life): void {
  expectTypeOf(until('ready')).resolves.toEqualTypeOf<EventOf<'ready'>>();
  expectTypeOf(until({ type: 'service', to: 'up', exit: { code: 1 } })).resolves.toEqualTypeOf<
    EventOf<'service'>
  >();
  expectTypeOf(until(Promise.resolve(1))).resolves.toEqualTypeOf<number>();
  expectTypeOf(until(() => true)).resolves.toEqualTypeOf<LifecycleEvent | undefined>();
  void until((it) => it.type === 'ready', { timeout: 5, past: true });
  // @ts-expect-error: no such type of event
  void until('redy');
  // @ts-expect-error: no such state
  void until({ type: 'service', to: 'upp' });
  // @ts-expect-error: a stage has no service
  void until({ type: 'stage', service: 'web' });
}

export function whatIsSaidOfTrees(lines: Transcript): void {
  expectTypeOf(check('rootfs/etc')).resolves.toEqualTypeOf<readonly Problem[]>();
  expectTypeOf(explore('rootfs/etc')).resolves.toEqualTypeOf<Exploration>();
  expectTypeOf<Exploration['longestShutdown']['duration']>().toBeNumber();
  expectTypeOf(transcript(supervisor)).toEqualTypeOf<Transcript>();
  expectOrder(lines, ['web: up', /web: down/]);
  expectOrder(lines.lines, []);
}
