// The web server of the image. Announces on descriptor 3 (notification-fd) that it accepts requests.
import { readFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';

const { port, greeting } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const server = createServer((request, response) => {
  console.log(request.method, request.url);
  response.end(`${greeting}\n`);
});
server.listen(port, () => {
  console.log('listening on', server.address().port);
  writeSync(3, '\n');
});

process.on('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
