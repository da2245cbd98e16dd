/*
 * The ways to start processes, and tests that run for each of them.
 */
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { PosixSpawn } from '../../lib/host/native/posix-spawn.ts';
import { openPosixSpawn } from '../../lib/host/native/posix-spawn.ts';
import { unlessInCI } from '../skipping.ts';

export type Way = 'node' | 'native';

export const ways: readonly Way[] = ['node', 'native'];

/** Why this way is not available here; `false`: it is. */
export function without(way: Way): string | false {
  const opened = way === 'native' ? openPosixSpawn() : undefined;
  return unlessInCI(
    opened !== undefined && 'why' in opened && `not started natively: ${opened.why}`,
  );
}

/** The variable that sets the way of a host in a process of its own. */
const setting = 'STAGEKEEPER_SPAWNER';

/** The words before the command line of a host that uses the way of this test. */
export function hostOf(t: TestContext): readonly string[] {
  return ['env', `${setting}=${wayOf(t)}`];
}

/** The way that is set for this process. */
export function wayOfHost(): Way {
  return process.env[setting] === 'native' ? 'native' : 'node';
}

/** The functions that a spawner needs for this way. */
export function posixOf(way: Way): PosixSpawn | undefined {
  const opened = way === 'native' ? openPosixSpawn() : undefined;
  return opened !== undefined && 'posix' in opened ? opened.posix : undefined;
}

const current = new WeakMap<TestContext, Way>();

/** The way in which a test starts its processes. */
export function wayOf(t: TestContext): Way {
  return current.get(t) ?? 'node';
}

type Body = (t: TestContext) => Promise<unknown>;

interface Options {
  readonly skip?: string | false;
  readonly timeout?: number;
}

/** Defines a `node:test` test for each way to start processes; `rig()` uses the way of its test. */
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
