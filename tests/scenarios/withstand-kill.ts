import type { FakeChild, FakeSpawner, SpawnerRequest } from '../../lib/testing/index.ts';

/** The children that KILL does not end, and the function that receives each KILL. */
export interface Immortals {
  readonly names: ReadonlySet<string>;
  readonly heard: (request: SpawnerRequest) => void;
}

/**
 * Lets the children of these names survive KILL, like a process that waits for a disk which does not respond. A fake
 * child alone does not: it exits when it is told to.
 */
export function withstandKill(spawner: FakeSpawner, { names, heard }: Immortals): void {
  const spawn = spawner.spawn.bind(spawner);
  spawner.spawn = (command, listener) => {
    const child = spawn(command, listener) as FakeChild;
    const kill = child.kill.bind(child);
    if (!names.has(child.name)) return child;
    child.kill = (signal, scope) => {
      if (signal !== 'SIGKILL') kill(signal, scope);
      else heard({ type: 'kill', name: child.name, signal, scope: scope ?? 'process' });
    };
    return child;
  };
}
