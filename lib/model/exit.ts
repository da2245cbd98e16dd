/** How a process ended: with a code, or by a signal; the other of the two is `null`. */
export interface Exit {
  /** The exit code, 0 to 255, or `null` when a signal ended the process. */
  readonly code: number | null;
  /** The signal that ended the process, or `null` when it exited by itself. */
  readonly signal: NodeJS.Signals | null;
}

/** Whether an exit counts as success: code 0 and no signal. */
export function isSuccess(exit: Exit): boolean {
  return exit.code === 0;
}

/** An exit as one number, as shells print it: the code itself, or 128 + n for signal n. */
export function exitCodeOf(exit: Exit): number {
  if (exit.code !== null) return exit.code;
  return exit.signal === null ? 0 : 128 + signalNumber(exit.signal);
}

/** An exit in words: `exited with code 3`, `was ended by SIGKILL`. */
export function describeExit(exit: Exit): string {
  return exit.signal === null
    ? `exited with code ${String(exit.code)}`
    : `was ended by ${exit.signal}`;
}

/** The number of a signal on Linux; 0 for a signal that Linux does not have. */
export function signalNumber(signal: NodeJS.Signals): number {
  return signalNumbers[signal] ?? 0;
}

/**
 * The signal that a control file names: `SIGTERM`, `TERM`, `term` or `15`; `undefined` when there is no such signal.
 *
 * The names are those of Linux on every platform, since a control file may be read on one machine and used on another.
 */
export function parseSignal(text: string): NodeJS.Signals | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    return signalNames.find((name) => signalNumbers[name] === number);
  }
  const upper = text.toUpperCase();
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  return secondNames[name] ?? signalNames.find((known) => known === name);
}

const secondNames: Readonly<Record<string, NodeJS.Signals>> = {
  SIGCLD: 'SIGCHLD',
  SIGIOT: 'SIGABRT',
  SIGPOLL: 'SIGIO',
};

const signalNumbers: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
};

/** The names of the signals of Linux. */
export const signalNames = Object.keys(signalNumbers) as NodeJS.Signals[];
