import { execFile } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { livingWithEntry } from '../processes.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const call = promisify(execFile);

/**
 * A temporary folder that everything happens in, in memory where that can be had, as s6-overlay's `/run` is: else starts
 * measure the disk. All processes that are started from it carry its mark, by which they are found at the end.
 */
export class Workshop {
  /** The folder. */
  readonly folder: string;
  #stands = 0;
  #built: Promise<string> | undefined;

  constructor(under?: string) {
    this.folder = mkdtempSync(join(under ?? roomInMemory() ?? tmpdir(), 'stagekeeper-bench-'));
  }

  /** The environment of everything that is started: ours, the mark, and the folder for temporary files. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, [mark]: basename(this.folder), TMPDIR: this.folder };
  }

  /**
   * A copy of the running Node, for all that is measured: memory that it shared with the benchmark's own process would
   * count by halves.
   */
  get node(): string {
    const copy = join(this.folder, 'node');
    if (!existsSync(copy)) copyFileSync(process.execPath, copy, constants.COPYFILE_FICLONE);
    return copy;
  }

  /** A new and empty folder. */
  stand(): string {
    const folder = join(this.folder, `stand-${String((this.#stands += 1))}`);
    mkdirSync(folder);
    return folder;
  }

  /** The compiled library and the programs that host it; the path of such a program. */
  async host(name: string): Promise<string> {
    this.#built ??= this.#build();
    return join(await this.#built, `${name}.mjs`);
  }

  /** The pids of all that were started here and live. */
  living(): readonly number[] {
    return livingWithEntry(`${mark}=${basename(this.folder)}`);
  }

  /** Ends every process that was started here, at once. */
  sweep(): void {
    // What is killed may just have started something, so until there is nobody.
    for (let left = this.living(); left.length > 0; left = this.living()) {
      for (const pid of left) kill(pid);
    }
  }

  /** Leaves nothing behind. */
  close(): void {
    this.sweep();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The library is found in a folder of its own, by its name, and what it depends on one folder above. */
  async #build(): Promise<string> {
    const folder = join(this.folder, 'compiled');
    const hosts = join(folder, 'hosts');
    const library = join(hosts, 'node_modules/stagekeeper');
    const words = ['--import', 'tsx', '.ci/build.ts', '--code', join(library, 'dist')];
    await call(process.execPath, words, { cwd: repository });
    copyFileSync(join(repository, 'package.json'), join(library, 'package.json'));
    symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
    buildSync({
      entryPoints: [join(repository, 'tests/benchmarks/hosts/*.ts')],
      outdir: hosts,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      external: ['stagekeeper'],
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
    });
    return hosts;
  }
}

const mark = 'STAGEKEEPER_BENCH';

/** A folder in memory that programs may be run from; containers often have it without that right. */
function roomInMemory(): string | undefined {
  if (process.env['TMPDIR'] !== undefined) return undefined;
  const room = '/dev/shm';
  const probe = join(room, `stagekeeper-bench-probe-${String(process.pid)}`);
  try {
    writeFileSync(probe, '');
    chmodSync(probe, 0o755);
    accessSync(probe, constants.X_OK);
    return room;
  } catch {
    return undefined;
  } finally {
    rmSync(probe, { force: true });
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was faster.
  }
}
