// An essential service: its final exit stops the other services in order, and the verdict has its name and exit code.
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
