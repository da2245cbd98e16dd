import type { Service } from '../../lib/index.ts';
import { Supervisor } from '../../lib/index.ts';
import type { Standing } from './case.ts';
import type { Driven, Driver } from './drive.ts';
import type { Way } from '../host/ways.ts';

/**
 * This library's supervisor, with its defaults unless a case has options, and for each letter of `s6-svc` the corresponding
 * call. It starts its processes in one of its ways.
 */
export function ours(way: Way): Driver {
  return {
    name: `ours (${way})`,
    async start(root, variables, options) {
      const source = { output: 'ignore', spawner: way, ...options } as const;
      const supervisor = await Supervisor.load(root, source);
      for (const [name, value] of Object.entries(variables)) {
        supervisor.environment.set(name, value);
      }
      supervisor.on('problem', () => undefined);
      asked(supervisor.start());
      return new OurTree(supervisor);
    },
  };
}

class OurTree implements Driven {
  readonly #supervisor: Supervisor;

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  command(name: string, letters: string): Promise<void> {
    const service = this.#supervisor.service(name);
    for (const letter of letters) {
      const command = commands[letter];
      if (command === undefined) throw new Error(`There is no counterpart of -${letter}.`);
      command(service);
    }
    return Promise.resolve();
  }

  standing(name: string): Standing | undefined {
    const service = this.#supervisor.services.get(name);
    if (service === undefined) return undefined;
    const place = places[service.status];
    if (place === undefined) return undefined;
    const wanted = service.wanted ? ', wanted' : '';
    const announces = service.spec.notificationFd !== undefined;
    const ready = announces && service.ready ? ', ready' : '';
    return `${place}${wanted}${ready}` as Standing;
  }

  pid(name: string): number | undefined {
    return this.#supervisor.services.get(name)?.pid;
  }

  async rescan(): Promise<void> {
    await this.#supervisor.rescan();
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
  }
}

const commands: Readonly<Record<string, (service: Service) => void>> = {
  u: (service) => {
    asked(service.start());
  },
  o: (service) => {
    asked(service.once());
  },
  O: (service) => {
    asked(places[service.status] === 'down' ? service.stop() : service.once());
  },
  d: (service) => {
    asked(service.stop());
  },
  r: (service) => {
    asked(service.restart());
  },
  a: signal('SIGALRM'),
  b: signal('SIGABRT'),
  q: signal('SIGQUIT'),
  h: signal('SIGHUP'),
  k: signal('SIGKILL'),
  t: signal('SIGTERM'),
  i: signal('SIGINT'),
  1: signal('SIGUSR1'),
  2: signal('SIGUSR2'),
  y: signal('SIGWINCH'),
  p: signal('SIGSTOP'),
  c: signal('SIGCONT'),
};

function signal(name: NodeJS.Signals): (service: Service) => void {
  return (service) => {
    service.signal(name);
  };
}

const places: Readonly<Record<Service['status'], string | undefined>> = {
  down: 'down',
  starting: undefined, // s6 reports a start only when the process is up
  up: 'up',
  stopping: 'up',
  finishing: 'finishing',
  backoff: 'down',
  failed: 'down',
};

/** Does not wait for the result of a command, as `s6-svc` does not. */
function asked(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}
