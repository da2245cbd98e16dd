import assert from 'node:assert/strict';
import { exit, simulate } from '../../lib/testing/index.ts';
import type { Figure } from './figure.ts';

const services = 10;
const crashesEach = 10;
const hour = 3_600_000;

const files = Object.fromEntries(
  Array.from({ length: services }, (_, index) => [
    `services.d/s${String(index)}/run`,
    '#!/bin/sh\n',
  ]),
);

/** The life of a whole tree in virtual time, from reading it to the end of all. */
export const testKit: Figure = {
  name: 'test-kit',
  work: `a life of ${String(services)} services, ${String(services * crashesEach)} crashes, an hour of virtual time`,
  warmUps: 10,
  rounds: 25,
  budget: 20,
  async measure() {
    const start = performance.now();
    const life = await simulate(files);
    const crashes = Array.from({ length: crashesEach }, () => exit(1, hour / 20));
    for (const name of life.supervisor.services.keys()) life.spawner.script(name, [...crashes, {}]);
    await life.supervisor.start();
    await life.advance(hour);
    await life[Symbol.asyncDispose]();
    const took = performance.now() - start;
    const deaths = [...life.supervisor.services.values()].map((service) => service.deaths);
    assert.deepEqual(deaths, Array(services).fill(crashesEach), 'the life was as it was to be');
    return took;
  },
};
