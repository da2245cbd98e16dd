// Process 1 of a container in a pod: the tree of container-init, with an answer to each probe of deployment.yaml. In the
// Dockerfile of container-init, copy this file and policies.ts instead of its init.ts.
import { createServer } from 'node:http';
import { Supervisor } from 'stagekeeper';
import { policies } from './policies.ts';

const { ROOT = '/etc', RUNTIME = '/run/s6', PROBES = '9000' } = process.env;
const supervisor = await Supervisor.load(ROOT, { ...policies, runtimeDirectory: RUNTIME });

const tell = (...words: readonly unknown[]): void => console.error('init:', ...words);
supervisor.on('problem', ({ problem }) => tell(`${problem.path}:`, problem.message));
supervisor.on('phase', ({ to }) => tell(to));

const probes = new Map([
  // 200 once the init scripts have run and the services are up. Until then no other probe is sent.
  ['/startupz', () => !['loaded', 'initializing', 'starting'].includes(supervisor.phase)],
  // 200 while the web server is ready, and not during a stop.
  ['/readyz', () => supervisor.phase === 'running' && supervisor.service('web').ready],
  // 200 unless a service has failed for good, which needs a new container. Other failures are handled here.
  ['/livez', () => [...supervisor.services.values()].every(({ status }) => status !== 'failed')],
]);
const server = createServer(({ url = '' }, response) => {
  const holds = probes.get(url);
  response.statusCode = holds === undefined ? 404 : holds() ? 200 : 503;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(supervisor.status())); // to read with curl
});
server.listen(Number(PROBES), () => tell('answers probes at', server.address()));

const verdict = await supervisor.run({ command: process.argv.slice(2), signals: true });
tell('exit code', verdict.exitCode, `(${verdict.reason})`);
process.exitCode = verdict.exitCode;
server.close();
server.closeAllConnections();
