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
 * A temporary folder for all files of the benchmarks, in memory where possible, as s6-overlay's `/run` is: on a disk, starts
 * would measure the disk. Every process that is started from it has a variable by which it is found at the end.
 */
export class Workshop {
  /** The folder. */
  readonly folder: string;
  #stands = 0;
  #built: Promise<string> | undefined;

  constructor(under?: string) {
    this.folder = mkdtempSync(join(under ?? folderInMemory() ?? tmpdir(), 'stagekeeper-bench-'));
  }

  /** The environment of every process: that of this process, the mark, and the folder for temporary files. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, [mark]: basename(this.folder), TMPDIR: this.folder };
  }

  /**
   * A copy of the running Node, for every measured process: memory that it shares with the process of the benchmarks would
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

  /** The path of a compiled program of `hosts`; the first call compiles the library and all of them. */
  async host(name: string): Promise<string> {
    this.#built ??= this.#build();
    return join(await this.#built, `${name}.mjs`);
  }

  /** The pids of the living processes that were started here. */
  living(): readonly number[] {
    return livingWithEntry(`${mark}=${basename(this.folder)}`);
  }

  /** Kills every process that was started here. */
  sweep(): void {
    // A process may have started another one just before it was killed, so this repeats until none is left.
    for (let left = this.living(); left.length > 0; left = this.living()) {
      for (const pid of left) kill(pid);
    }
  }

  /** Kills every process and removes the folder. */
  close(): void {
    this.sweep();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Puts the library into `node_modules` beside the programs, and its dependencies one folder above. */
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

/** A folder in memory from which programs can be executed; containers often mount it `noexec`. */
function folderInMemory(): string | undefined {
  if (process.env['TMPDIR'] !== undefined) return undefined;
  const folder = '/dev/shm';
  const probe = join(folder, `stagekeeper-bench-probe-${String(process.pid)}`);
  try {
    writeFileSync(probe, '');
    chmodSync(probe, 0o755);
    accessSync(probe, constants.X_OK);
    return folder;
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
    // has exited
  }
}
