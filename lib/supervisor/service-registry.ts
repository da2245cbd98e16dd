import type { SupervisorHandle } from './waits.ts';
import { Service } from './service.ts';

/** The services of a supervisor, kept in step with its tree: one object per service for as long as the tree contains it. */
export class ServiceRegistry {
  readonly #services = new Map<string, Service>();

  /** The services by name, including loggers, in the tree's order. */
  get services(): ReadonlyMap<string, Service> {
    return this.#services;
  }

  /** Adds a service for each new unit of the tree, and drops the services that the tree no longer contains. */
  follow(control: SupervisorHandle): void {
    const known = new Map(this.#services);
    const find = (name: string): Service | undefined => this.#services.get(name);
    this.#services.clear();
    for (const name of control.state.units.keys()) {
      this.#services.set(name, known.get(name) ?? new Service(name, control, find));
    }
  }
}
