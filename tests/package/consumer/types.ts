// What the declarations of both entries say, used without a type of Node in the user's own code.
import { OptionsError, Supervisor } from 'stagekeeper';
import type { LifecycleEvent, SupervisorOptions } from 'stagekeeper';
import { simulate, VirtualClock } from 'stagekeeper/testing';

const options: SupervisorOptions = { services: { web: { killTimeout: 100 } } };
export const supervisor = new Supervisor(
  { services: [{ name: 'web', run: ['sleep', '60'] }] },
  options,
);
supervisor.service('web').signal('SIGHUP');
supervisor.on('event', (event: LifecycleEvent) => event.type);
export const clock: number = new VirtualClock().now();
export const life = simulate({ 'services.d/web/run': '' });
export const code: string = new OptionsError('').code;
