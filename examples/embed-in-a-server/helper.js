// The helper: takes a moment to warm up, announces its readiness on descriptor 3, then works until it is asked to end.
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
