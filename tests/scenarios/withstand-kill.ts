import type { FakeChild, FakeSpawner, SpawnerRequest } from '../../lib/testing/index.ts';

/** Whom KILL does not end, and who is told of it all the same. */
export interface Immortals {
  readonly names: ReadonlySet<string>;
  readonly heard: (request: SpawnerRequest) => void;
}

/**
 * Lets the children of these names withstand KILL, as a process does that waits for a disk which does not answer. No double
 * does so by itself: they end when they are told to exit.
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
