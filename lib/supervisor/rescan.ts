import type { EventOf, Rereading, SupervisorEvents } from './events.ts';
import type { SupervisorHandle } from './waits.ts';
import type { Emitter } from '../emitter.ts';
import type { World } from '../engine/world.ts';

/** Reads `services.d` again, and returns what has changed. */
export async function rescanTree(
  supervisor: Emitter<SupervisorEvents>,
  control: SupervisorHandle,
  world: World,
): Promise<Rereading> {
  control.refuseOnTheWayDown('A rescan');
  const { root } = control.state.tree;
  let change: Rereading = { added: [], removed: [], changed: [] };
  if (root === undefined) return change;
  const found = await world.reread(root);
  const note = ({ added, removed, changed }: EventOf<'tree'>): void => {
    change = { added, removed, changed };
  };
  supervisor.on('tree', note);
  control.input({ type: 'reread', ...found });
  supervisor.off('tree', note);
  return change;
}
