import type { SupervisorHandle } from './waits.ts';
import type { Places, Supervised } from '../programs/supervised.ts';
import { answer } from '../programs/answer.ts';
import { commandAll } from '../programs/svscanctl.ts';
import type { RequestHandler } from '../engine/request-handler.ts';

/** The request handler: it answers the requests of a tree's scripts. It calls each function when a request needs it. */
export function requestHandler(parts: {
  readonly control: () => SupervisorHandle;
  readonly places: () => Places;
  /** Reads `services.d` again. */
  readonly rescan: () => Promise<unknown>;
}): RequestHandler {
  const { control, places, rescan } = parts;
  const supervised: Supervised = {
    get state() {
      return control().state;
    },
    get now() {
      return control().now;
    },
    timeOfDay: (moment) => control().timeOfDay(moment),
    get places() {
      return places();
    },
    rescan: oneAtATime(rescan),
    input: (input) => {
      control().input(input);
    },
    until: (test, awaited, options) => control().until(test, awaited, options),
  };
  return {
    get tree() {
      return supervised.state.tree;
    },
    answer: (question, signal) => answer({ ...question, signal }, supervised),
    command: (letters) => commandAll(letters, supervised),
    onProblem: (problem) => {
      supervised.input({ type: 'problem', problem });
    },
  };
}

/** Runs one call at a time; all calls during it share the call that follows. */
function oneAtATime(act: () => Promise<unknown>): () => Promise<unknown> {
  let running: Promise<unknown> | undefined;
  let next: Promise<unknown> | undefined;
  const run = (): Promise<unknown> => {
    next = undefined;
    running = act().finally(() => {
      running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return run();
    next ??= running.catch(() => undefined).then(run);
    return next;
  };
}
