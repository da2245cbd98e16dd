/*
 * The logger in sh and awk with a restricted /proc, or without one: no line may be lost at TERM.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { logger } from '../../../lib/host/shims/logger.ts';
import { writer } from '../../../lib/host/shims/log-writer.ts';
import { unlessInCI } from '../../skipping.ts';
import { plant, testFolder, whoRuns } from '../folder.ts';
import { findProgram, shells, without } from '../shells.ts';

/** The mount options of /proc; `none`: it is not mounted. */
const procs = ['none', 'hidepid=1', 'hidepid=2', 'hidepid=ptraceable', 'subset=pid'] as const;

const isolated = 'unshare --mount --pid --fork --kill-child sh -c'.split(' ');

/** Gives the command that follows a /proc of its own, or none; 99: the kernel does not know this kind. */
const mountProc = `umount -l /proc || exit
[ "$0" = none ] || mount -t proc -o "$0" proc /proc 2>/dev/null || exit 99
exec setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"`;

const many = 1000;

/** Loggers, one after the other, read what a producer writes: each is ended while lines come, once it has written its own line. */
const lives = `cd "$1" && shift && mkfifo fifo && exec 8<>fifo || exit
{ n=0
while [ $n -lt ${many} ]; do
  n=$((n + 1)); echo "line $n"; [ $((n % 50)) -ne 0 ] || sleep 0.01
done; } >&8 &
producer=$!
for life in first second third last; do
  [ $life != last ] || wait $producer
  "$@" <fifo 8>&- & child=$!
  echo "$life logger" >&8
  until grep -qs "$life logger" logs/current; do
    kill -s 0 $child && sleep 0.01 || exit
  done
  kill -s TERM $child; wait $child || exit
done`;

function whyNoNamespace(): string | false {
  if (whoRuns.root !== false) return whoRuns.root;
  const [file = '', ...words] = isolated;
  const { status } = spawnSync(file, [...words, mountProc, 'rw', 'true']);
  return unlessInCI(status !== 0 && 'no namespaces here, or no setpriv');
}

const noNamespace = whyNoNamespace();

for (const proc of procs) {
  for (const { name, words, skip } of shells) {
    const missing = skip === false ? without('awk') : skip;
    const reason = noNamespace === false ? missing : noNamespace;
    test(
      `${proc}: under ${name} loggers follow one another without a loss`,
      { skip: reason },
      async (t) => {
        const folder = await testFolder(t);
        const logs = join(folder, 'logs');
        for (const each of [folder, join(folder, 'tools')]) {
          mkdirSync(each, { recursive: true });
          chmodSync(each, 0o777);
        }
        // Not even its own account may look into a program that it may not read.
        plant(join(folder, 'tools/cat'), readFileSync(findProgram('cat') ?? ''), 0o111);
        const awk = findProgram('awk') ?? '';
        const log = [...words, '-c', logger, 'logger', awk, writer, logs, 's100000', 'n99'];
        const [file = '', ...rest] = isolated;
        const args = [...rest, mountProc, proc, 'sh', '-c', lives, 'lives', folder, ...log];
        const PATH = `${folder}/tools:${process.env['PATH'] ?? ''}`;
        const ended = spawnSync(file, args, { encoding: 'utf8', env: { PATH } });
        if (ended.status === 99) return t.skip(`this kernel has no ${proc}`);
        assert.deepEqual([ended.status, ended.stderr], [0, '']);
        const files = readdirSync(logs)
          .filter((each) => each !== 'lock')
          .sort();
        const text = files.map((each) => readFileSync(join(logs, each), 'utf8')).join('');
        const expected = Array.from({ length: many }, (_, index) => `line ${index + 1}\n`);
        assert.ok(
          text.replaceAll(/^\w+ logger\n/gm, '') === expected.join(''),
          'every line is there, once and in order',
        );
        assert.deepEqual(files, ['current']);
      },
    );
  }
}
