// Process 1 of a container: boots the tree in /etc as s6-overlay does, runs the command of the image, if it has one, stops
// everything in order and exits with the exit code for `docker run`. ROOT and RUNTIME allow a trial elsewhere.
import { Supervisor } from 'stagekeeper';

const { ROOT = '/etc', RUNTIME = '/run/s6' } = process.env;
const supervisor = await Supervisor.load(ROOT, { runtimeDirectory: RUNTIME });

const tell = (...words: readonly unknown[]): void => console.error('init:', ...words);
for (const { path, message } of supervisor.problems) tell(`${path}:`, message);
supervisor.on('problem', ({ problem }) => tell(`${problem.path}:`, problem.message));
supervisor.on('service', ({ service, from, to }) => tell(service, from, '→', to));
supervisor.on('phase', ({ to }) => tell(to));

const verdict = await supervisor.run({ command: process.argv.slice(2), signals: true });
tell('exit code', verdict.exitCode, `(${verdict.reason})`);
process.exitCode = verdict.exitCode;
