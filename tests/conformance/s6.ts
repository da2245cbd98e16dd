import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../processes.ts';
import type { Standing } from './case.ts';
import type { Driven, Driver } from './drive.ts';

/** The installed s6: `s6-svscan` for the services of the tree, `s6-svc` for commands, `s6-svscanctl -t` for the stop. */
export const s6: Driver = {
  name: 's6',
  async start(root, variables) {
    const directory = join(root, 'services.d');
    const svscan = spawn('s6-svscan', [directory], {
      env: { ...process.env, ...variables },
      stdio: 'ignore',
      detached: true,
    });
    await once(svscan, 'spawn');
    return new RealTree(directory, once(svscan, 'exit'));
  },
};

const call = promisify(execFile);

/** The commands after which s6-supervise writes its status; `s6-svc` exits when they are sent. */
const announced = /[uodO]/;

class RealTree implements Driven {
  readonly #directory: string;
  readonly #exit: Promise<unknown>;
  #stopped: Promise<void> | undefined;

  constructor(directory: string, exit: Promise<unknown>) {
    this.#directory = directory;
    this.#exit = exit;
  }

  async command(service: string, letters: string): Promise<void> {
    await until(() => this.standing(service) !== undefined, `the supervisor of '${service}'`);
    const before = this.#writing(service);
    await call('s6-svc', [`-${letters}`, this.#pathOf(service)]);
    if (!announced.test(letters)) return;
    await until(() => this.#writing(service) !== before, `what comes of -${letters}`);
  }

  /** Reads the status file: pid and flags are at its end. */
  standing(service: string): Standing | undefined {
    try {
      const status = readFileSync(join(this.#pathOf(service), 'supervise/status'));
      const runs = status.readBigUInt64BE(24) !== 0n;
      const flags = status.readUInt8(34);
      const place = !runs ? 'down' : (flags & 2) !== 0 ? 'finishing' : 'up';
      const wanted = (flags & 4) !== 0 ? ', wanted' : '';
      const ready = place === 'up' && (flags & 8) !== 0 ? ', ready' : '';
      return `${place}${wanted}${ready}` as Standing;
    } catch {
      return undefined; // not there yet
    }
  }

  pid(service: string): number | undefined {
    try {
      const status = readFileSync(join(this.#pathOf(service), 'supervise/status'));
      const pid = Number(status.readBigUInt64BE(24));
      return pid === 0 ? undefined : pid;
    } catch {
      return undefined; // not there yet
    }
  }

  async rescan(): Promise<void> {
    await call('s6-svscanctl', ['-an', this.#directory]);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** A script may have stopped the tree already; then no supervisor reads the command. */
  async #stop(): Promise<void> {
    const asked = call('s6-svscanctl', ['-t', this.#directory]);
    await Promise.any([asked, this.#exit]);
    await this.#exit;
  }

  /** Identifies a write of the status: each write makes a new file. */
  #writing(service: string): string {
    const { ino, ctimeNs } = statSync(join(this.#pathOf(service), 'supervise/status'), {
      bigint: true,
    });
    return `${ino} ${ctimeNs}`;
  }

  #pathOf(service: string): string {
    return join(this.#directory, service);
  }
}
