/** One thing that is wrong with a tree, reported while loading or while running. */
export interface Problem {
  /** The kind of problem; stable across versions. */
  readonly code: ProblemCode;
  /** An `error` leaves nothing sensible to run; a `warning` does not stop anything. */
  readonly severity: 'error' | 'warning';
  /** The file, folder or service that the problem concerns. */
  readonly path: string;
  /** The line in the file, from 1. */
  readonly line?: number;
  /** What is wrong, and why that matters: a sentence with a subject of its own, after a colon or alone. */
  readonly message: string;
  /** How to correct it. */
  readonly remedy?: string;
}

/** The kinds of problem. */
export type ProblemCode = keyof typeof problemSeverities;

/** Builds a problem with the severity that its code always has. */
export function problem(
  code: ProblemCode,
  path: string,
  message: string,
  more: { readonly remedy?: string; readonly line?: number } = {},
): Problem {
  return { code, severity: problemSeverities[code], path, message, ...more };
}

/** A problem on one line: `path:line: message (code). Remedy.` */
export function describeProblem(it: Problem): string {
  const place = it.line === undefined ? it.path : `${it.path}:${String(it.line)}`;
  return `${place}: ${it.message} (${it.code})${it.remedy === undefined ? '' : ` ${it.remedy}`}`;
}

/** Each kind of problem, and its fixed severity. */
export const problemSeverities = {
  // Nothing sensible is left to run.
  'root-missing': 'error',
  'root-not-a-folder': 'error',
  'root-unreadable': 'error',
  'no-stage': 'error',
  'tree-invalid': 'error',
  'duplicate-name': 'error',
  // Found while loading; an init script may still correct it.
  's6-rc-unsupported': 'warning',
  'run-missing': 'warning',
  'run-is-a-folder': 'warning',
  'script-is-a-folder': 'warning',
  'script-empty': 'warning',
  'not-executable': 'warning',
  'interpreter-crlf': 'warning',
  'interpreter-bom': 'warning',
  'interpreter-late': 'warning',
  'interpreter-missing': 'warning',
  'interpreter-absent': 'warning',
  'program-absolute': 'warning',
  'value-invalid': 'warning',
  'value-out-of-range': 'warning',
  'signal-unknown': 'warning',
  'link-dangling': 'warning',
  'link-loop': 'warning',
  unreadable: 'warning',
  'not-a-folder': 'warning',
  'log-without-run': 'warning',
  'log-of-a-logger': 'warning',
  'fix-attrs-line': 'warning',
  'account-unknown': 'warning',
  'name-not-utf8': 'warning',
  'file-too-large': 'warning',
  'override-unknown': 'warning',
  'name-taken': 'warning',
  // Found while running.
  unspawnable: 'warning',
  'groups-missing': 'warning',
  'script-failed': 'warning',
  'not-ready': 'warning',
  'still-waiting': 'warning',
  'crash-looping': 'warning',
  killed: 'warning',
  unkillable: 'warning',
  'left-behind': 'warning',
  'fix-attrs-failed': 'warning',
  'rescan-failed': 'warning',
  'runtime-directory': 'warning',
  'runtime-directory-restored': 'warning',
  'copy-failed': 'warning',
  'logging-directory': 'warning',
  'logging-failed': 'warning',
  'sync-failed': 'warning',
  'clean-up-failed': 'warning',
  'control-unavailable': 'warning',
  'request-dropped': 'warning',
  'exit-code-unwritten': 'warning',
  'variable-left-out': 'warning',
  'variable-not-utf8': 'warning',
  'guard-lost': 'warning',
  'output-failed': 'warning',
  zombies: 'warning',
} as const satisfies Record<string, Problem['severity']>;
