import type { ScriptsState, TreeState } from '../machine/tree/tree-state.ts';
import type { Unit } from '../machine/tree/unit-map.ts';
import type { StageName } from '../model/event.ts';
import { describeExit } from '../model/exit.ts';
import { loggerName, producerOf } from '../model/tree.ts';

/** A line of the picture, with the lines below it that belong to it. */
interface Branch {
  readonly text: string;
  readonly below: readonly Branch[];
}

/** The tree with its states, drawn as lines of text: what `console.log(supervisor)` prints. */
export function inspectTree(state: TreeState): string {
  const name = state.tree.root ?? 'made in code';
  const below = (['init', 'services', 'finish'] as const).map((stage) => stageBranch(stage, state));
  return draw({ text: `Supervisor ${name} (${state.phase})`, below });
}

/** A stage with its scripts or services: what `console.log(stage)` prints. */
export function inspectStage(stage: StageName, state: TreeState): string {
  const { text, below } = stageBranch(stage, state);
  return draw({ text: `Stage ${text}`, below });
}

/** A service with its state: what `console.log(service)` prints. */
export function inspectService(name: string, unit: Unit): string {
  return `Service ${serviceText(name, unit)}`;
}

function stageBranch(stage: StageName, state: TreeState): Branch {
  const text = `${stage} (${state[stage].status})`;
  const below = stage === 'services' ? serviceBranches(state) : scriptBranches(state[stage]);
  return { text, below };
}

function draw({ text, below }: Branch): string {
  return [text, ...below.flatMap(drawAmong)].join('\n');
}

function drawAmong(branch: Branch, index: number, all: readonly Branch[]): readonly string[] {
  const last = index === all.length - 1;
  const below = branch.below.flatMap(drawAmong).map((line) => `${last ? '   ' : '│  '}${line}`);
  return [`${last ? '└─ ' : '├─ '}${branch.text}`, ...below];
}

function scriptBranches({ scripts, results, running }: ScriptsState): readonly Branch[] {
  return scripts.map(({ name }, index) => {
    const result = results[index];
    if (result !== undefined) {
      const how = result.exit === null ? 'cannot be run' : describeExit(result.exit);
      return { text: `${name}: ${how}`, below: [] };
    }
    const runs = running !== null && index === results.length;
    return { text: runs ? `${name}: running` : name, below: [] };
  });
}

function serviceBranches({ units }: TreeState): readonly Branch[] {
  return [...units]
    .filter(([name]) => producerOf(name) === undefined)
    .map(([name, unit]) => {
      const logger = units.get(loggerName(name));
      const below = logger === undefined ? [] : [{ text: serviceText('log', logger), below: [] }];
      return { text: serviceText(name, unit), below };
    });
}

function serviceText(name: string, { state }: Unit): string {
  const pid = 'run' in state ? `, pid ${String(state.run.pid)}` : '';
  const ready = state.status === 'up' && state.run.readyAt !== null ? ', ready' : '';
  const deaths = state.deaths === 0 ? '' : `, died ${String(state.deaths)}×`;
  return `${name}: ${state.status}${ready}${pid}${deaths}`;
}
