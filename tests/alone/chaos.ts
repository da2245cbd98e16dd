/*
 * With real processes: many services that die at random, with loggers that are killed at random, and the rules that hold all
 * the same.
 *
 * Every script writes what it does into files of its own service, which are checked afterwards. A run makes a lock file that
 * only its finish script removes, so two runs at a time, or a run before the finish of the last one, show in its trace.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Supervisor } from '../../lib/index.ts';
import type { LifecycleEvent } from '../../lib/index.ts';
import { childrenOf, livingWith, openDescriptors, openedSince, until } from '../processes.ts';
import { testEachWay, wayOf } from '../host/ways.ts';

const services = Number(process.env['CHAOS_SERVICES'] ?? 200);
const seconds = Number(process.env['CHAOS_SECONDS'] ?? 20);
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

/**
 * The shell itself makes the lock: a program that it had just started when it was killed could make it after the finish
 * script has run.
 */
const run = `#!/bin/sh
set -C
{ true > lock; } 2>/dev/null || echo "two runs" >> trace
set +C
echo "run $$" >> trace
i=0
while :; do
  n=0
  while [ $n -lt 10 ]; do
    n=$((n + 1)); i=$((i + 1))
    echo "line $$ $i end"
    echo "$i" > "sent.$$"
  done
  sleep 0.7
done
`;

const finish = `#!/bin/sh
rm lock 2>/dev/null || echo "no lock" >> trace
echo "finish $4" >> trace
`;

/** The finish timeout in milliseconds: on a busy machine hundreds of finish scripts at once need longer than the default. */
const finishTimeout = '60000';

const log = `#!/bin/sh
while read -r line; do echo "$line"; done >> ../lines
`;

const timeout = (seconds + 300) * 1000;

testEachWay(
  'services that die at random run one at a time, with a finish for each end, and lose no line',
  { timeout },
  async (t) => {
    t.diagnostic(`SEED=${seed} CHAOS_SERVICES=${services} CHAOS_SECONDS=${seconds}`);
    const before = openDescriptors();
    const children = childrenOf(process.pid);
    const root = await mkdtemp(join(tmpdir(), 'stagekeeper-chaos-'));
    t.after(() => rm(root, { recursive: true, force: true }));
    await writeTree(root);
    // Stops everything also when an assertion fails.
    await using supervisor = await Supervisor.load(root, {
      spawner: wayOf(t),
      timeouts: { readiness: 60_000, services: 20_000 },
    });
    const tally = count(supervisor);
    await supervisor.start();
    // On a busy machine some services would be killed again and again before their first instruction.
    const hasRun = (name: string): boolean => existsSync(join(root, 'services.d', name, 'trace'));
    await until(() => names().every(hasRun), 'the first run of each', 120_000);
    const loggersKilled = await killAtRandom(supervisor);
    const runtime = supervisor.environment.directory;
    const verdict = await supervisor.stop();

    assert.equal(verdict.exitCode, 0);
    assert.deepEqual(verdict.killed, []);
    for (const name of names()) checkService(root, name, tally, loggersKilled.get(name) ?? 0);
    assert.deepEqual(childrenOf(process.pid), children, 'no child and no zombie is left');
    assert.deepEqual(processesIn(root), [], 'no process of the tree is left');
    assert.deepEqual(openedSince(before), [], 'no descriptor is left');
    assert.equal(existsSync(runtime), false, 'no file is left');
  },
);

interface Tally {
  readonly starts: Map<string, number>;
  readonly ends: Map<string, number>;
  readonly finishes: Map<string, number>;
}

/** The numbers of events of each service. */
function count(supervisor: Supervisor): Tally {
  const tally: Tally = { starts: new Map(), ends: new Map(), finishes: new Map() };
  const add = (map: Map<string, number>, name: string): void => {
    map.set(name, (map.get(name) ?? 0) + 1);
  };
  supervisor.on('event', (event: LifecycleEvent) => {
    if (event.type !== 'service') return;
    // A run that is spawned during the stop gets its stop signal at once.
    const spawned = event.to === 'up' || event.to === 'stopping';
    if (event.from === 'starting' && spawned) add(tally.starts, event.service);
    if (event.exit !== undefined) add(tally.ends, event.service);
    if (event.to === 'finishing') add(tally.finishes, event.service);
  });
  return tally;
}

/** Kills services and loggers at random; returns how often each logger was killed. */
async function killAtRandom(supervisor: Supervisor): Promise<Map<string, number>> {
  const random = generator(seed);
  const killed = new Map<string, number>();
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const name = `s${Math.floor(random() * services)}`;
    if (random() < 0.3) {
      const logger = supervisor.service(`${name}/log`);
      if (logger.pid !== undefined) killed.set(name, (killed.get(name) ?? 0) + 1);
      logger.signal('SIGKILL');
    } else {
      supervisor.service(name).signal(random() < 0.5 ? 'SIGKILL' : 'SIGTERM');
    }
    await pause(20); // between two kills; waits for nothing else
  }
  return killed;
}

function checkService(root: string, name: string, tally: Tally, loggerKills: number): void {
  const folder = join(root, 'services.d', name);
  const trace = readFileSync(join(folder, 'trace'), 'utf8').trim().split('\n');
  const runs = trace.filter((line) => line.startsWith('run ')).map((line) => line.slice(4));
  const finishes = trace.filter((line) => line.startsWith('finish ')).map((line) => line.slice(7));
  assert.equal(
    trace.includes('two runs'),
    false,
    `${name}: one run at a time\n${trace.join('\n')}`,
  );
  assert.ok(runs.length > 0, `${name} ran`);
  // A run that was killed before its first instruction has no line in the trace, but its finish has.
  assert.equal(finishes.length, tally.ends.get(name), `${name}: a finish for each end`);
  assert.equal(tally.finishes.get(name), tally.ends.get(name), `${name}: finish at each end`);
  assert.equal(tally.starts.get(name), tally.ends.get(name), `${name}: a start for each end`);
  assert.deepEqual(
    runs.filter((pid) => !finishes.includes(pid)),
    [],
    `${name}: each run has its finish`,
  );
  checkLines(folder, name, runs, loggerKills);
}

/** Checks that numbered lines arrive without a gap; each killed logger may lose the line that it was reading. */
function checkLines(
  folder: string,
  name: string,
  runs: readonly string[],
  loggerKills: number,
): void {
  const text = readFileSync(join(folder, 'lines'), 'utf8');
  const got = new Map<string, Set<number>>();
  for (const [, pid = '', number = ''] of text.matchAll(/^line (\d+) (\d+) end$/gm)) {
    const numbers = got.get(pid) ?? new Set();
    assert.equal(
      numbers.has(Number(number)),
      false,
      `${name}: line ${number} of ${pid} came twice`,
    );
    got.set(pid, numbers.add(Number(number)));
  }
  let missing = 0;
  for (const pid of runs) {
    const sent = sentBy(folder, pid);
    for (let number = 1; number <= sent; number++) {
      if (got.get(pid)?.has(number) !== true) missing += 1;
    }
  }
  assert.ok(
    missing <= loggerKills,
    `${name}: ${missing} lines are missing, ${loggerKills} loggers killed`,
  );
}

function sentBy(folder: string, pid: string): number {
  try {
    return Number(readFileSync(join(folder, `sent.${pid}`), 'utf8'));
  } catch {
    return 0; // killed before its first line
  }
}

async function writeTree(root: string): Promise<void> {
  for (const name of names()) {
    const folder = join(root, 'services.d', name);
    await mkdir(join(folder, 'log'), { recursive: true });
    writeFileSync(join(folder, 'run'), run, { mode: 0o755 });
    writeFileSync(join(folder, 'finish'), finish, { mode: 0o755 });
    writeFileSync(join(folder, 'timeout-finish'), finishTimeout);
    writeFileSync(join(folder, 'log', 'run'), log, { mode: 0o755 });
  }
}

function names(): readonly string[] {
  return Array.from({ length: services }, (_, index) => `s${index}`);
}

/** Random numbers in a sequence that the seed determines (mulberry32). */
function generator(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The living processes with a working directory in a folder. */
function processesIn(folder: string): readonly number[] {
  return livingWith('cwd', () => true).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false; // has exited meanwhile
    }
  });
}
