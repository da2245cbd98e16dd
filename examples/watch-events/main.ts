// Events as an async iterable: every event of a service that dies twice and then stays up.
import { Supervisor } from 'stagekeeper';

const supervisor = new Supervisor({
  services: [
    {
      name: 'moody',
      run: [
        'sh',
        '-c',
        'echo x >> "$STAGEKEEPER_RUNTIME/tries"; test $(wc -l < "$STAGEKEEPER_RUNTIME/tries") -gt 2 && exec sleep 60',
      ],
      backoff: { first: 50 },
    },
  ],
});

const events = supervisor.events(); // each event is kept until it is read
const life = supervisor.run();

for await (const event of events) {
  if (event.type === 'service') {
    console.log(event.sequence, event.service, event.from, '→', event.to, `(${event.cause})`);
  }
  if (event.type === 'service' && event.to === 'up' && supervisor.service('moody').deaths === 2) {
    console.log(supervisor.explain('moody'));
    void supervisor.stop();
  }
}

console.log((await life).reason);
