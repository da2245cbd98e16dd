// Runs a whole tree in virtual time, from reading it to its end, and prints the milliseconds that this takes.
import assert from 'node:assert/strict';
import { exit, simulate } from 'stagekeeper/testing';

const services = 10;
const crashesEach = 10;
const hour = 3_600_000;
/** How many runs do not count, so that the process is warm: a test file runs many trees. */
const warmUps = 10;

const files = Object.fromEntries(
  Array.from({ length: services }, (_, index) => [
    `services.d/s${String(index)}/run`,
    '#!/bin/sh\n',
  ]),
);

async function live(): Promise<number> {
  const start = performance.now();
  const life = await simulate(files);
  const crashes = Array.from({ length: crashesEach }, () => exit(1, hour / 20));
  for (const name of life.supervisor.services.keys()) life.spawner.script(name, [...crashes, {}]);
  await life.supervisor.start();
  await life.advance(hour);
  await life[Symbol.asyncDispose]();
  const took = performance.now() - start;
  const deaths = [...life.supervisor.services.values()].map((service) => service.deaths);
  assert.deepEqual(
    deaths,
    Array(services).fill(crashesEach),
    'each service has died as often as its script says',
  );
  return took;
}

for (let life = 0; life < warmUps; life += 1) await live();
console.log(await live());
