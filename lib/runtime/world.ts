import { applyFixAttrs } from './fix-attrs.ts';
import type { World } from './engine.ts';
import { Environment } from './environment.ts';
import { nodeSpawner } from './node-spawner.ts';
import { RuntimeDirectory } from './runtime-directory.ts';
import type { Spawner } from './spawner.ts';

/** How a supervisor is placed in the world. */
export interface Placement {
  readonly runtimeDirectory: string | undefined;
  readonly keepEnvironment: boolean;
  readonly fixHiddenAttrs: boolean;
  /** A spawner to use instead of real processes. */
  readonly spawner: Spawner | undefined;
  /** What the container environment begins with. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** The real world, as far as a supervisor has to do with it and `parts` do not take its place. */
export function hostWorld(
  { runtimeDirectory, keepEnvironment, fixHiddenAttrs, spawner, variables }: Placement,
  parts: Pick<World, 'reread' | 'lookAgain'> & Partial<World>,
): { world: World; spawner: Spawner; environment: Environment } {
  const directory = new RuntimeDirectory(runtimeDirectory);
  const environment = new Environment(directory, variables);
  const source = { environment, runtimeDirectory: directory, keepEnvironment };
  const world: World = {
    prepare: (rules) => applyFixAttrs(rules, { hidden: fixHiddenAttrs }),
    release() {
      environment.release();
      return Promise.resolve(directory.remove());
    },
    ...parts,
  };
  return { world, environment, spawner: spawner ?? nodeSpawner(source) };
}
