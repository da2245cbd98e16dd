import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import spawn from 'cross-spawn';
import { inheritedDescriptors } from '../os/inherited-descriptors.ts';
import { executedBy } from './executed.ts';
import type { Start } from './start-process.ts';

/** Starts a process by Node's spawn. */
export const nodeStart: Start = (plan, descriptors, listener) => {
  const { directory, environment, withHost } = plan;
  const { file, args } = executedBy(plan);
  const given = descriptors.map((each) => (each === 'socket' ? 'pipe' : each));
  const child = inheritedDescriptors.without(given, (stdio) =>
    spawn(file, [...args], {
      env: { ...environment }, // Node adds to it under NODE_V8_COVERAGE
      stdio,
      detached: !withHost,
      shell: false,
      ...(directory !== undefined && { cwd: directory }),
      ...plan.account.ids,
    }),
  );
  child.on('error', (error) => {
    // A program that cannot be executed has no pid and never an `exit`. Other errors are about signals, which this library
    // sends itself.
    if (child.pid === undefined) listener.failed(error);
  });
  child.once('exit', (code, signal) => {
    listener.ended(code === null ? { code, signal } : { code, signal: null });
  });
  // Node sets no stdio when it runs out of descriptors.
  const stdio = child.stdio as ChildProcess['stdio'] | undefined;
  return {
    pid: child.pid,
    socketAt: (descriptor) => (stdio?.[descriptor] ?? undefined) as Socket | undefined,
  };
};
