import type { NeverStart } from './findings.ts';
import type { ExplorationSetting } from './exploration-setting.ts';
import { flawOf } from './exploration-setting.ts';
import type { StateWalk } from './walk.ts';
import type { UnitMap } from '../../machine/tree/unit-map.ts';
import type { ScriptSpec, ServiceSpec, Tree } from '../../model/tree.ts';

/** The services that are up in no node of a walk, and why. */
export function neverStartIn(
  { nodes }: StateWalk,
  tree: Tree,
  setting: ExplorationSetting,
): readonly NeverStart[] {
  const [first] = nodes;
  const units = [...(first?.explored.state.units.values() ?? [])];
  const up = new Set(nodes.flatMap(({ explored }) => upIn(explored.state.units)));
  return units
    .filter(({ spec }) => !up.has(spec.name))
    .flatMap(({ spec }) => {
      const why = whyNever(spec, tree, setting);
      return why === undefined ? [] : [{ service: spec.name, why }];
    });
}

function upIn(units: UnitMap): readonly string[] {
  return [...units].filter(([, { state }]) => state.status === 'up').map(([name]) => name);
}

/** Why a service is never up; `undefined` when the only reason is that the walk was cut short. */
function whyNever(
  spec: ServiceSpec,
  { init }: Tree,
  setting: ExplorationSetting,
): string | undefined {
  const flaw = flawOf(setting, spec.run);
  if (flaw !== undefined) {
    const mended = init.length === 0 ? '' : ', unless an init script mends it';
    return `Its run cannot be run (${flaw.message})${mended}.`;
  }
  if (spec.down) return 'It stays down until a command starts it (the file down, or the option).';
  if (setting.options.onInitFailure !== 'stop') return undefined;
  const failing = init.find(({ run }) => flawOf(setting, run) !== undefined);
  return failing === undefined ? undefined : whyInit(failing, setting);
}

function whyInit({ name, run }: ScriptSpec, setting: ExplorationSetting): string {
  const message = flawOf(setting, run)?.message ?? '';
  return `The init script ${name} cannot be run (${message}), and onInitFailure is stop.`;
}
