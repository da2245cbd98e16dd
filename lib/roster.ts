import type { Control } from './control.ts';
import { Service } from './service.ts';

/** The services of a supervisor, kept in step with its tree: one object for each, for as long as the tree has it. */
export class Roster {
  readonly #services = new Map<string, Service>();

  /** The services by name, loggers among them, in the tree's order. */
  get services(): ReadonlyMap<string, Service> {
    return this.#services;
  }

  /** Takes in what the tree has now, and lets go of what it has no more. */
  follow(control: Control): void {
    const known = new Map(this.#services);
    const find = (name: string): Service | undefined => this.#services.get(name);
    this.#services.clear();
    for (const name of control.state.units.keys()) {
      this.#services.set(name, known.get(name) ?? new Service(name, control, find));
    }
  }
}
