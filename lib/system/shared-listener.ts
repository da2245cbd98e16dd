/**
 * Any number of functions behind one listener of an emitter, which is attached while there are any. Node warns of a leak at
 * more than ten listeners, and a process may have more supervisors, services and waits than that.
 */
export class SharedListener {
  readonly #acts = new Set<() => void>();
  readonly #attach: (callAll: () => void) => () => void;
  #detach: (() => void) | undefined;

  /** @param attach - Attaches the listener; returns what detaches it. */
  constructor(attach: (callAll: () => void) => () => void) {
    this.#attach = attach;
  }

  /** Adds a function; the returned function removes it. */
  add(act: () => void): () => void {
    this.#detach ??= this.#attach(() => {
      const present = new Set(this.#acts);
      for (const each of present) if (this.#acts.has(each)) each();
    });
    this.#acts.add(act);
    return () => {
      if (!this.#acts.delete(act) || this.#acts.size > 0) return;
      this.#detach?.();
      this.#detach = undefined;
    };
  }
}

/** The functions to call at an event of the process: a signal, or its exit. */
export function sharedProcessListener(event: NodeJS.Signals | 'exit'): SharedListener {
  return new SharedListener((callAll) => {
    process.on(event, callAll);
    return () => process.off(event, callAll);
  });
}
