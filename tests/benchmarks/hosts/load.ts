// Reads and validates the tree in a folder, lists its problems, and prints the milliseconds and the number of problems.
import { Supervisor } from 'stagekeeper';

const start = performance.now();
const { problems } = await Supervisor.load(process.argv[2] ?? '');
const list = problems.map(({ path, message }) => `${path}: ${message}`);
console.log(performance.now() - start, list.length);
