import type { ServiceSpec } from '../model/tree.ts';
import { serviceDefaults } from '../model/tree.ts';

/** The known parts of a service; a part that is absent or `undefined` has its default. */
export type SpecParts = Pick<ServiceSpec, 'name' | 'run'> & {
  readonly [Field in keyof ServiceSpec]?: ServiceSpec[Field] | undefined;
};

/**
 * Builds the spec of a service. Its fields always have the same order and none is `undefined`, so two specs with the
 * same values are the same JSON, wherever they come from.
 */
export function serviceSpec(parts: SpecParts): ServiceSpec {
  const entries = Object.keys(order).flatMap((field) => {
    const value = parts[field as keyof ServiceSpec] ?? defaults[field];
    return value === undefined ? [] : [[field, value] as const];
  });
  return Object.fromEntries(entries) as unknown as ServiceSpec;
}

const defaults: Readonly<Record<string, unknown>> = serviceDefaults;

const order: Readonly<Record<keyof ServiceSpec, true>> = {
  name: true,
  run: true,
  finish: true,
  logger: true,
  down: true,
  notificationFd: true,
  killTimeout: true,
  finishTimeout: true,
  upTimeout: true,
  downTimeout: true,
  downSignal: true,
  reloadSignal: true,
  maxDeathTally: true,
  flagTimeoutKillpg: true,
  lockFd: true,
  restart: true,
  essential: true,
  backoff: true,
  output: true,
  user: true,
  environment: true,
};
