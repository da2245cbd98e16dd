import assert from 'node:assert/strict';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { ReadStream } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { sharesTerminal } from '../../../lib/host/os/terminal.ts';
import { until } from '../../processes.ts';
import { without } from '../shells.ts';

const skip = without('script');
const host = fileURLToPath(new URL('at-terminal.ts', import.meta.url));

/** A terminal with a host that runs a shell script as its command. */
class Terminal {
  /** The output of the terminal. */
  screen = '';
  readonly closed: Promise<void>;
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(t: TestContext, script: string) {
    const words = [process.execPath, '--import', 'tsx', host, 'sh', '-c', script];
    const command = words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
    // A shell between the terminal and the host would also get typed signals, and die of them.
    this.#child = spawn('script', ['-qec', `exec ${command}`, '/dev/null'], { timeout: 30_000 });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.screen += text));
    this.closed = new Promise<void>((resolve) => this.#child.once('close', () => resolve()));
    t.after(() => this.#child.kill('SIGKILL'));
  }

  type(text: string): void {
    this.#child.stdin.write(text);
  }

  async shows(text: string): Promise<void> {
    await until(() => this.screen.includes(text), `'${text}' on the screen`);
  }
}

test('the terminal is shared only if stdin is one', () => {
  assert.equal(sharesTerminal(), process.stdin instanceof ReadStream);
});

test('the command has the terminal: it can open it, and reads typed input', { skip }, async (t) => {
  const terminal = new Terminal(t, 'echo "at $(tty)" >/dev/tty; read -r w; echo "got $w"; exit 4');
  await terminal.shows('at /dev/');
  terminal.type('hello\n');
  await terminal.closed;
  assert.match(terminal.screen, /got hello[^]*verdict: command 4/);
});

/** By default a terminal discards its output queue when a signal is typed, which may hold the answer to that signal. */
const keep = 'stty noflsh';

/** A shell that reads runs a trap only after it has read a line. */
const untilEnough = 'until read -r w && [ "$w" = enough ]; do :; done';

test('a command that handles Ctrl-C goes on', { skip }, async (t) => {
  const script = `${keep}; trap "echo not yet" INT; echo ready; ${untilEnough}; exit 5`;
  const terminal = new Terminal(t, script);
  await terminal.shows('ready');
  terminal.type('\x03go\n');
  await terminal.shows('not yet');
  terminal.type('\x03enough\n');
  await terminal.closed;
  assert.match(terminal.screen, /verdict: command 5/);
});

test('a command that handles Ctrl-C goes on, however fast it is typed', { skip }, async (t) => {
  const traps = 'trap "echo not yet" INT QUIT';
  const script = `${keep}; ${traps}; echo ready; ${untilEnough}; exit 5`;
  const terminal = new Terminal(t, script);
  await terminal.shows('ready');
  for (const key of ['\x03\x03\x03', '\x1c\x03', '\x03']) {
    terminal.screen = '';
    terminal.type(`${key}go\n`);
    await terminal.shows('not yet');
  }
  terminal.type('enough\n');
  await terminal.closed;
  assert.match(terminal.screen, /verdict: command 5, 0 left/);
});

for (const signal of ['INT', 'QUIT']) {
  test(`${signal} that is sent to the host stops everything`, { skip }, async (t) => {
    const script = `trap "" INT QUIT; kill -${signal} $PPID; exec sleep 600`;
    const terminal = new Terminal(t, script);
    await terminal.closed;
    assert.match(terminal.screen, /verdict: signal 143, 0 left/);
  });
}

test(
  'INT that is sent to the host stops everything, even if a shell with job control has the terminal',
  { skip },
  async (t) => {
    const terminal = new Terminal(t, 'exec bash --norc -i');
    terminal.type("trap 'exit 7' TERM; kill -INT $PPID\n");
    await terminal.closed;
    assert.match(terminal.screen, /verdict: signal \d+, 0 left/);
  },
);

test('the supervisor stops when Ctrl-C ends the command', { skip }, async (t) => {
  const terminal = new Terminal(t, 'echo ready; exec sleep 600');
  await terminal.shows('ready');
  terminal.type('\x03');
  await terminal.closed;
  assert.match(terminal.screen, /verdict: command 130/);
});

test('an interactive shell as the command has job control', { skip }, async (t) => {
  const terminal = new Terminal(t, 'exec bash --norc -i');
  terminal.type('set -o | grep monitor; sleep 600 & jobs; kill %1; wait; exit 6\n');
  await terminal.closed;
  assert.match(terminal.screen, /monitor\s+on/);
  assert.doesNotMatch(terminal.screen, /no job control/);
  assert.match(terminal.screen, /verdict: command 6/);
});
