import type { Timeouts, TreeOptions } from '../machine/tree/tree-options.ts';
import type { Problem } from '../model/problem.ts';
import { problem } from '../model/problem.ts';
import * as z from '../schema/schema.ts';

/** The option values that the variables set; absent: the variable is not set. */
export interface VariableValues {
  onInitFailure?: TreeOptions['onInitFailure'];
  keepEnvironment?: boolean;
  fixHiddenAttrs?: boolean;
  waitForServices?: boolean;
  passSignalsOn?: boolean;
  logging?: 0 | 1 | 2;
  syncDisks?: boolean;
  readOnlyRoot?: boolean;
  timeouts: Partial<Record<keyof Timeouts, number>>;
}

/** Reads the `S6_*` variables that set options. An invalid value is a problem, and the default applies. */
export function readSettingVariables(variables: Readonly<Record<string, string | undefined>>): {
  values: VariableValues;
  problems: readonly Problem[];
} {
  const values: VariableValues = { timeouts: {} };
  const problems: Problem[] = [];
  for (const [name, read] of Object.entries(variableReaders)) {
    const text = variables[name]?.trim();
    if (text === undefined || text === '') continue;
    const number = z.parse(wholeNumber(), text);
    if (number.success) read(number.data, values);
    else problems.push(invalidVariable(name, text));
  }
  return { values, problems };
}

/** The same at a later time: a variable with an invalid value keeps the value that it had before. */
export function readVariablesAgain(
  now: Readonly<Record<string, string | undefined>>,
  before: Readonly<Record<string, string | undefined>>,
): ReturnType<typeof readSettingVariables> {
  const { problems } = readSettingVariables(now);
  const kept = Object.fromEntries(problems.map(({ path }) => [path, before[path]]));
  return { ...readSettingVariables({ ...now, ...kept }), problems };
}

const wholeNumber = z.lazily(() =>
  z.pipe(z.string().check(z.regex(/^\d{1,15}$/)), z.transform(Number)),
);

function invalidVariable(name: string, text: string): Problem {
  const message = `the variable is '${text}', which is no whole number; the default holds`;
  return problem('value-invalid', name, message, { remedy: 'Set it to a number or unset it.' });
}

type VariableReader = (number: number, values: VariableValues) => void;

/** The `S6_*` variables that set options, each with the function that sets them. */
const variableReaders: Readonly<Record<string, VariableReader>> = {
  S6_BEHAVIOUR_IF_STAGE2_FAILS: (number, values) => {
    values.onInitFailure = number === 0 ? 'continue' : number === 1 ? 'warn' : 'stop';
  },
  S6_LOGGING: (number, values) => {
    values.logging = number === 0 || number === 2 ? number : 1;
  },
  S6_KEEP_ENV: (number, values) => {
    values.keepEnvironment = number !== 0;
  },
  S6_FIX_ATTRS_HIDDEN: (number, values) => {
    values.fixHiddenAttrs = number !== 0;
  },
  S6_READ_ONLY_ROOT: (number, values) => {
    values.readOnlyRoot = number !== 0;
  },
  S6_SYNC_DISKS: (number, values) => {
    values.syncDisks = number === 1;
  },
  S6_CMD_WAIT_FOR_SERVICES: (number, values) => {
    values.waitForServices = number !== 0;
  },
  S6_CMD_RECEIVE_SIGNALS: (number, values) => {
    values.passSignalsOn = number !== 0;
  },
  S6_CMD_WAIT_FOR_SERVICES_MAXTIME: timeout('readiness'),
  S6_SERVICES_GRACETIME: timeout('services'),
  S6_KILL_FINISH_MAXTIME: timeout('finish'),
  S6_KILL_GRACETIME: timeout('kill'),
};

function timeout(name: keyof Timeouts): VariableReader {
  return (number, values) => {
    values.timeouts[name] = number;
  };
}
