import type { Control } from './control.ts';
import type { Places, Supervised } from './programs/call.ts';
import { answer } from './programs/answer.ts';
import { commandAll } from './programs/svscanctl.ts';
import type { Landlord } from './runtime/premises.ts';

/** What answers the scripts of a tree. Everything is asked for when it is needed. */
export function landlordOf(parts: {
  readonly control: () => Control;
  readonly places: () => Places;
  /** Reads `services.d` again. */
  readonly rescan: () => Promise<unknown>;
}): Landlord {
  const { control, places, rescan } = parts;
  const supervised: Supervised = {
    get state() {
      return control().state;
    },
    get now() {
      return control().now;
    },
    get places() {
      return places();
    },
    rescan,
    input: (input) => {
      control().input(input);
    },
    until: (test, awaited, options) => control().until(test, awaited, options),
  };
  return {
    get tree() {
      return supervised.state.tree;
    },
    answer: (question) => answer(question, supervised),
    command: (letters) => {
      commandAll(letters, supervised);
    },
    told: (problem) => {
      supervised.input({ type: 'problem', problem });
    },
  };
}
