// A service whose end for good ends everything, with its exit code: the others go down in order, the verdict names it.
import { Supervisor } from 'stagekeeper';

const supervisor = new Supervisor({
  services: [
    { name: 'companion', run: ['sleep', '3600'] },
    { name: 'main', run: ['sh', '-c', 'sleep 0.2; exit 42'], restart: 'never', essential: true },
  ],
  finish: [{ name: 'farewell', run: ['echo', 'everything is down'] }],
});

const verdict = await supervisor.run({ signals: true });
console.log(verdict); // { reason: 'essential', exitCode: 42, service: 'main', killed: [] }
process.exitCode = verdict.exitCode;
