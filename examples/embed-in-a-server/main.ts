// An HTTP server that supervises a helper process and answers /healthz from the supervisor's status. On SIGTERM the server
// first stops accepting requests, then stops the helper. The signal handler is the host's own.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Supervisor } from 'stagekeeper';

const supervisor = new Supervisor(
  {
    services: [
      {
        name: 'helper',
        run: [process.execPath, fileURLToPath(new URL('helper.js', import.meta.url))],
        notificationFd: 3, // where the helper announces its readiness, with a newline
        backoff: { first: 100, cap: 5_000 },
      },
    ],
  },
  { output: 'lines' },
);
supervisor.on('output', ({ source, line }) => {
  console.log(`${source}: ${line}`);
});

await supervisor.start(); // resolves when the helper is ready
console.log(supervisor.explain('helper'));

const server = createServer((request, response) => {
  if (request.url !== '/healthz') {
    response.writeHead(404).end();
    return;
  }
  const { phase, services } = supervisor.status();
  const healthy = phase === 'running' && services['helper']?.ready === true;
  response.writeHead(healthy ? 200 : 503, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ healthy, phase, services }));
});
server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1');
await once(server, 'listening');
console.log('listening on', server.address());

await once(process, 'SIGTERM');
console.log('SIGTERM: no more requests');
server.close();
server.closeIdleConnections();
await once(server, 'close');
const verdict = await supervisor.stop();
console.log('the helper is down:', verdict.reason, verdict.exitCode);
