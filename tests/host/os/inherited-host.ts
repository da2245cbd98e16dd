/*
 * A host that has inherited the descriptors 20 and 40, for `inherited-descriptors.test.ts`. It prints what its children have there.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import Module from 'node:module';
import { Supervisor } from '../../../lib/index.ts';
import { guardsOf } from '../../processes.ts';

const way = process.argv[2] ?? 'node';

if (way === 'without koffi') {
  const load = Reflect.get(Module, '_load') as (...words: unknown[]) => unknown;
  Reflect.set(Module, '_load', (request: unknown, ...more: unknown[]) => {
    if (request === 'koffi') throw new Error("Cannot find module 'koffi'");
    return load.call(Module, request, ...more);
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const numbers = [20, 40];
const script = (name: string, then = 'exit'): string[] => [
  'sh',
  '-c',
  `for fd in ${numbers.join(' ')}; do echo "${name} $fd $(readlink /proc/$$/fd/$fd)"; done; ${then}`,
];
const nothing = 'exec sleep 600';

const supervisor = new Supervisor(
  {
    init: [{ name: 'init', run: script('init') }],
    services: [
      { name: 'web', run: script('run', nothing), finish: script('finish') },
      { name: 'told', run: script('told', `echo >&9; ${nothing}`), notificationFd: 9 },
      // The same number as a descriptor that was inherited.
      {
        name: 'same',
        run: [process.execPath, '-e', 'fs.writeSync(20, "\\n"); setInterval(() => {}, 1e6)'],
        notificationFd: 20,
      },
      {
        name: 'logged',
        run: script('logged', nothing),
        logger: { run: script('log', 'exec cat') },
      },
    ],
  },
  { output: 'lines', guard: true, ...(way === 'native' && { spawner: way }) },
);
supervisor.on('output', ({ line }) => {
  say(line);
});
supervisor.on('ready', ({ service }) => {
  say(`${service} is ready`);
});
await supervisor.start();
const [guard = 0] = guardsOf(process.pid);
for (const number of numbers) {
  let target = '';
  try {
    target = readlinkSync(`/proc/${guard}/fd/${number}`);
  } catch {
    // It is closed.
  }
  say(`guard ${number} ${target}`);
}
await supervisor.stop();
say(`the host has it: ${String(readFileSync('/proc/self/fd/20').length > 0)}`);
