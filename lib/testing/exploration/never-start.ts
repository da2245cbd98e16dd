import type { NeverStart } from './findings.ts';
import type { ExplorationSetting } from './exploration-setting.ts';
import { flawOf } from './exploration-setting.ts';
import type { StateWalk } from './walk.ts';
import type { Unit } from '../../machine/tree/tree-state.ts';
import type { ScriptSpec, ServiceSpec, Tree } from '../../model/tree.ts';

/** The services that are up in no place of a walk, and why. */
export function neverStartIn(
  { places }: StateWalk,
  tree: Tree,
  laws: ExplorationSetting,
): readonly NeverStart[] {
  const [first] = places;
  const units = [...(first?.situation.state.units.values() ?? [])];
  const up = new Set(places.flatMap(({ situation }) => upIn(situation.state.units)));
  return units
    .filter(({ spec }) => !up.has(spec.name))
    .flatMap(({ spec }) => {
      const why = whyNever(spec, tree, laws);
      return why === undefined ? [] : [{ service: spec.name, why }];
    });
}

function upIn(units: ReadonlyMap<string, Unit>): readonly string[] {
  return [...units].filter(([, { state }]) => state.status === 'up').map(([name]) => name);
}

/** Why a service is never up; `undefined` when the only reason is that the walk was cut short. */
function whyNever(spec: ServiceSpec, { init }: Tree, laws: ExplorationSetting): string | undefined {
  const flaw = flawOf(laws, spec.run);
  if (flaw !== undefined) {
    const mended = init.length === 0 ? '' : ', unless an init script mends it';
    return `Its run cannot be run (${flaw.message})${mended}.`;
  }
  if (spec.down) return 'It stays down until a command starts it (the file down, or the option).';
  if (laws.options.onInitFailure !== 'stop') return undefined;
  const failing = init.find(({ run }) => flawOf(laws, run) !== undefined);
  return failing === undefined ? undefined : whyInit(failing, laws);
}

function whyInit({ name, run }: ScriptSpec, laws: ExplorationSetting): string {
  const message = flawOf(laws, run)?.message ?? '';
  return `The init script ${name} cannot be run (${message}), and onInitFailure is stop.`;
}
