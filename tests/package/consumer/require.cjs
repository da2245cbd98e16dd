// The library by require(), which Node 20.19 and later supports for ES modules.
const assert = require('node:assert/strict');
const { Supervisor, TreeError } = require('stagekeeper');
const { VirtualClock } = require('stagekeeper/testing');

async function main() {
  assert.equal(new VirtualClock().now(), 0);
  await assert.rejects(Supervisor.load('/nowhere'), TreeError);
  const supervisor = new Supervisor({ services: [{ name: 'web', run: ['sleep', '60'] }] });
  await supervisor.start();
  const verdict = await supervisor.stop();
  assert.equal(verdict.exitCode, 0);
}

void main();
