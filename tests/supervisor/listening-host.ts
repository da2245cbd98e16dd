/*
 * A host that listens to TERM in every way that Node has, and gets it while a service lives. It prints each way once its
 * listener has finished, a while after the signal. Its arguments: `guard` or `no-guard`, and `end` to get a last signal without
 * a listener.
 */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Supervisor } from '../../lib/index.ts';

const [, , guard, end] = process.argv;
const name = 'SIGTERM';

type Listener = () => void;

const ways: Readonly<Record<string, (listener: Listener) => void>> = {
  on: (listener) => void process.on(name, listener),
  once: (listener) => void process.once(name, listener),
  prependListener: (listener) => void process.prependListener(name, listener),
  prependOnceListener: (listener) => void process.prependOnceListener(name, listener),
  'a promise of once': (listener) => void once(process, name).then(listener),
  'a listener that removes itself': (listener) => {
    process.on(name, function own() {
      process.off(name, own);
      listener();
    });
  },
  'a listener that removes all': (listener) => {
    process.on(name, () => {
      process.removeAllListeners(name);
      listener();
    });
  },
  'a listener that another one adds': (listener) => {
    process.once(name, () => {
      process.addListener(name, listener);
      process.kill(process.pid, name);
    });
  },
};

/** Listens in one way, before the start or after it, and gets the signal. */
async function get(way: string, when: 'before' | 'after'): Promise<void> {
  await using supervisor = new Supervisor(
    { services: [{ name: 'web', run: ['sleep', '600'] }] },
    { guard: guard === 'guard' },
  );
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const listen = (): void => ways[way]?.(() => void pause(20).then(finish));
  if (when === 'before') listen();
  await supervisor.start();
  if (when === 'after') listen();
  process.kill(process.pid, name);
  await finished;
  process.removeAllListeners(name);
  process.stdout.write(`${way}, ${when} the start: ${supervisor.service('web').status}\n`);
}

const names = end === undefined ? Object.keys(ways) : [];
for (const way of names) for (const when of ['before', 'after'] as const) await get(way, when);

if (end !== undefined) {
  const supervisor = new Supervisor(
    { services: [{ name: 'web', run: ['sleep', '600'] }] },
    { guard: guard === 'guard' },
  );
  await supervisor.start();
  process.stdout.write(`pid ${supervisor.service('web').pid}\n`);
  setInterval(() => undefined, 1000);
  process.once(name, () => process.kill(process.pid, name));
  process.kill(process.pid, name);
}
