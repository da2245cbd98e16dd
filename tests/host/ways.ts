/*
 * The ways in which processes are started, and tests that hold for all of them.
 */
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { PosixSpawn } from '../../lib/host/native/posix-spawn.ts';
import { openPosixSpawn } from '../../lib/host/native/posix-spawn.ts';

export type Way = 'node' | 'native';

export const ways: readonly Way[] = ['node', 'native'];

/** Why nothing can be started this way here; `false`: it can. */
export function without(way: Way): string | false {
  const opened = way === 'native' ? openPosixSpawn() : undefined;
  return opened !== undefined && 'why' in opened && `not started natively: ${opened.why}`;
}

/** The setting by which a host in a process of its own is told the way. */
const setting = 'STAGEKEEPER_SPAWNER';

/** The words before those of a host that is to start its processes in the way of a test. */
export function hostOf(t: TestContext): readonly string[] {
  return ['env', `${setting}=${wayOf(t)}`];
}

/** The way that this process is told. */
export function wayOfHost(): Way {
  return process.env[setting] === 'native' ? 'native' : 'node';
}

/** What a spawner of this way needs. */
export function posixOf(way: Way): PosixSpawn | undefined {
  const opened = way === 'native' ? openPosixSpawn() : undefined;
  return opened !== undefined && 'posix' in opened ? opened.posix : undefined;
}

const current = new WeakMap<TestContext, Way>();

/** The way in which a test is to start its processes. */
export function wayOf(t: TestContext): Way {
  return current.get(t) ?? 'node';
}

type Body = (t: TestContext) => Promise<unknown>;

interface Options {
  readonly skip?: string | false;
  readonly timeout?: number;
}

/** A test, as `node:test` has it, that is run once for each way of starting processes; `rig()` takes that of its test. */
export function testEachWay(name: string, body: Body): void;
export function testEachWay(name: string, options: Options, body: Body): void;
export function testEachWay(name: string, ...rest: [Body] | [Options, Body]): void {
  const [{ skip = false, ...more }, body]: [Options, Body] =
    rest.length === 1 ? [{}, rest[0]] : rest;
  for (const way of ways) {
    const options = { ...more, skip: skip === false ? without(way) : skip };
    test(`${name} (${way})`, options, async (t) => {
      current.set(t, way);
      await body(t);
    });
  }
}
