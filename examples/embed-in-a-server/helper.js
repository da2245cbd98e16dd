// The helper: starts with a short delay, announces its readiness on descriptor 3, then runs until it is stopped.
import { writeSync } from 'node:fs';

setTimeout(() => {
  console.log('ready to help');
  writeSync(3, '\n');
}, 100);

const work = setInterval(() => {}, 1000);

process.on('SIGTERM', () => {
  console.log('going down');
  clearInterval(work);
});
