// Process 1 of a container in a pod: the tree of container-init, with an answer to each probe of deployment.yaml. In the
// Dockerfile of container-init, copy this file and policies.ts in the place of its init.ts.
import { createServer } from 'node:http';
import { Supervisor } from 'stagekeeper';
import { policies } from './policies.ts';

const { ROOT = '/etc', RUNTIME = '/run/s6', PROBES = '9000' } = process.env;
const supervisor = await Supervisor.load(ROOT, { ...policies, runtimeDirectory: RUNTIME });

const tell = (...words: readonly unknown[]): void => console.error('init:', ...words);
supervisor.on('problem', ({ problem }) => tell(problem.path, problem.message));
supervisor.on('phase', ({ to }) => tell(to));

const probes = new Map([
  // Have the init scripts run, and the services come up? Until then nothing else is asked.
  ['/startupz', () => !['loaded', 'initializing', 'starting'].includes(supervisor.phase)],
  // May the web server be sent requests? Not while it is down, and not once everything is being stopped.
  ['/readyz', () => supervisor.phase === 'running' && supervisor.service('web').ready],
  // Is there no need for a new container? There is when a service has failed for good: all else is mended here.
  ['/livez', () => [...supervisor.services.values()].every(({ status }) => status !== 'failed')],
]);
const server = createServer(({ url = '' }, response) => {
  const holds = probes.get(url);
  response.statusCode = holds === undefined ? 404 : holds() ? 200 : 503;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(supervisor.status())); // for people with curl
});
server.listen(Number(PROBES), () => tell('answers probes at', server.address()));

const verdict = await supervisor.run({ command: process.argv.slice(2), signals: true });
tell('exit code', verdict.exitCode, `(${verdict.reason})`);
process.exitCode = verdict.exitCode;
server.close();
server.closeAllConnections();
