import type { TreeOptions } from '../../machine/tree/tree-options.ts';
import type { Problem, ProblemCode } from '../../model/problem.ts';
import type { Program } from '../../model/program.ts';

/** The fixed conditions of a walk. */
export interface ExplorationSetting {
  readonly options: TreeOptions;
  /** Why a script cannot be run, by its path. */
  readonly flaws: ReadonlyMap<string, Problem>;
}

/** The conditions of a walk: the options, and the loader's problems that keep a script from being run. */
export function explorationSettingOf(
  options: TreeOptions,
  problems: readonly Problem[],
): ExplorationSetting {
  const fatal = problems.filter(
    ({ code, path }) => fatalCodes.has(code) || isEmptyServiceScript(code, path),
  );
  return { options, flaws: new Map(fatal.map((problem) => [scriptOf(problem), problem])) };
}

/** The script that a problem is about. */
function scriptOf({ code, path }: Problem): string {
  return code === 'log-without-run' ? `${path}/run` : path;
}

/** Why a program cannot be run; `undefined` when it can. */
export function flawOf({ flaws }: ExplorationSetting, program: Program): Problem | undefined {
  return 'script' in program ? flaws.get(program.script) : undefined;
}

/** An empty script of a service cannot be run; an empty script of a stage is run by `sh` and does nothing. */
function isEmptyServiceScript(code: ProblemCode, path: string): boolean {
  return code === 'script-empty' && path.includes('/services.d/');
}

/** The problems of a script that keep it from being run. */
const fatalCodes: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'run-missing',
  'log-without-run',
  'run-is-a-folder',
  'script-is-a-folder',
  'interpreter-crlf',
  'interpreter-bom',
  'interpreter-late',
  'interpreter-missing',
  'link-dangling',
  'link-loop',
  'unreadable',
]);
