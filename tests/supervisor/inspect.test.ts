import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { exit, simulate } from '../../lib/testing/index.ts';
import type { Simulation } from '../../lib/testing/index.ts';

/** A running life with a failed script, a service with a logger, and listeners everywhere. */
async function running(): Promise<Simulation> {
  const life = await simulate(
    {
      'cont-init.d/10-db': '',
      'services.d/web/run': '',
      'services.d/web/log/run': '',
      'cont-finish.d/bye': '',
    },
    { variables: { TOKEN: 'secret', PATH: '/bin' } },
  );
  life.spawner.script('10-db', exit(1));
  life.supervisor.on('service', () => undefined).once('event', () => undefined);
  life.supervisor.service('web').on('service', () => undefined);
  await life.supervisor.start();
  return life;
}

function parsed(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test('JSON of a supervisor is its status, and that of a service its entry there', async () => {
  const { supervisor } = await running();
  const status = parsed(supervisor.status()) as { services: Record<string, unknown> };
  assert.deepEqual(parsed(supervisor), status);
  assert.deepEqual(parsed(supervisor.service('web')), status.services['web']);
  assert.deepEqual(parsed(supervisor.service('web/log')), status.services['web/log']);
  assert.deepEqual(parsed([...supervisor.services]), Object.entries(status.services));
});

test('JSON of a stage has its status, and its scripts or services', async () => {
  const { supervisor } = await running();
  const { init, services, finish } = supervisor.stages;
  const { scripts } = init;
  assert.deepEqual(parsed(init), parsed({ name: 'init', status: 'failed', scripts }));
  assert.deepEqual(
    parsed(finish),
    parsed({ name: 'finish', status: 'pending', scripts: finish.scripts }),
  );
  const reports = supervisor.status().services;
  assert.deepEqual(
    parsed(services),
    parsed({ name: 'services', status: 'completed', services: reports }),
  );
});

test('JSON of a life and of its parts is plain data', async () => {
  const life = await running();
  const { supervisor, clock, spawner, transcript } = life;
  assert.deepEqual(parsed(transcript), transcript.lines);
  assert.deepEqual(parsed(supervisor.environment), { TOKEN: 'secret', PATH: '/bin' });
  assert.deepEqual(parsed(clock), {
    now: 0,
    alarms: clock.alarms,
    ...(clock.next !== undefined && { next: clock.next }),
  });
  const { pid } = spawner.child('web');
  assert.deepEqual(parsed(spawner.child('web')), { name: 'web', pid, alive: true });
  const whole = parsed(life) as Record<string, unknown>;
  assert.deepEqual(whole['supervisor'], parsed(supervisor.status()));
  assert.deepEqual(whole['transcript'], transcript.lines);
  assert.deepEqual(whole['events'], parsed(life.events));
});

test('console.log() shows services, stages and what the kit hands out in words', async () => {
  const life = await running();
  const { supervisor, clock, spawner, transcript } = life;
  const [web, log] = ['web', 'web/log'].map((name) => String(spawner.child(name).pid));
  const shown = (value: unknown): string => inspect(value);
  assert.equal(shown(supervisor.service('web')), `Service web: up, pid ${web}`);
  assert.equal(shown(supervisor.service('web/log')), `Service web/log: up, pid ${log}`);
  assert.equal(
    shown(supervisor.stages.services),
    [`Stage services (completed)`, `└─ web: up, pid ${web}`, `   └─ log: up, pid ${log}`].join(
      '\n',
    ),
  );
  assert.equal(shown(supervisor.stages.init), 'Stage init (failed)\n└─ 10-db: exited with code 1');
  assert.equal(shown(transcript), transcript.toString());
  assert.match(shown(clock), /^VirtualClock at 0 \(alarms: \d+/);
  assert.equal(shown(spawner), 'FakeSpawner (alive: web/log, web)');
  assert.equal(shown(spawner.child('web')), `FakeChild web (pid ${web}, alive)`);
  await supervisor.stop();
  assert.equal(shown(supervisor.service('web')), 'Service web: down');
});

test('console.log(environment) shows the names of the variables, and no value', async () => {
  const { supervisor } = await running();
  const { environment } = supervisor;
  assert.equal(inspect(environment), `Environment ${environment.directory} (PATH, TOKEN)`);
});
