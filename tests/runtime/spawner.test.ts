/*
 * The contract of the port, held against the real spawner and against the fake one: what the fake does must be what
 * processes do.
 */
import { test } from 'node:test';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import type { Command } from '../../lib/model/program.ts';
import type { Behaviour } from '../../lib/testing/index.ts';
import { FakeSpawner, VirtualClock } from '../../lib/testing/index.ts';
import { until } from '../processes.ts';
import { plain, rig } from './rig.ts';
import type { ContractRig } from './spawner.contract.ts';
import { spawnerContract } from './spawner.contract.ts';

/** Milliseconds in which a process that has something to say has said it. Only for what must not come. */
const aWhile = 120;

for (const { name, check } of spawnerContract) {
  test(`the real spawner ${name}`, async (t) => {
    const { spawner } = await rig(t);
    await check({
      spawner,
      command: (of, behaviour, more) => ({
        ...plain,
        name: of,
        program: programOf(behaviour, more),
        ...more,
      }),
      until,
      settle: () => pause(aWhile),
    });
  });

  test(`the fake spawner ${name}`, async () => {
    await check(fakeRig());
  });
}

function fakeRig(): ContractRig {
  const clock = new VirtualClock();
  const spawner = new FakeSpawner(clock);
  const pass = async (): Promise<void> => {
    clock.advance(10);
    await turn();
  };
  return {
    spawner,
    command(name, behaviour, more) {
      spawner.script(name, behaviour);
      return { ...plain, name, program: { command: ['fake'] }, ...more };
    },
    async until(test, what) {
      for (let turns = 0; !test(); turns++) {
        if (turns > 1000) throw new Error(`${what} did not come`);
        await pass();
      }
    },
    async settle() {
      for (let turns = 0; turns < 100; turns++) await pass();
    },
  };
}

/** A shell script that behaves so. What it ends with replaces the shell: no child is left behind. */
function programOf(behaviour: Behaviour, { stdin, notificationFd }: Partial<Command> = {}) {
  const { unspawnable, ignores = [], after = 0, print, ready, exit } = behaviour;
  if (unspawnable !== undefined) return { command: ['/nowhere/at/all'] };
  const steps = ignores.map((signal) => `trap '' ${signal.replace('SIG', '')}`);
  steps.push(`sleep ${after / 1000}`);
  if (print !== undefined) steps.push(`printf '%s' '${print}'`);
  if (ready === true && notificationFd !== undefined) steps.push(`echo >&${notificationFd}`);
  if (exit !== undefined) steps.push(`exit ${exit.code ?? 1}`);
  else steps.push(stdin === undefined ? 'exec sleep 600' : 'exec cat > /dev/null');
  return { command: ['sh', '-c', steps.join('\n')] };
}
