import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { chartOf } from './benchmarks/chart.ts';
import { naive, stagekeeper } from './benchmarks/contenders/guest.ts';
import { spentIn } from './benchmarks/figures/idle.ts';
import { start } from './benchmarks/figures/start.ts';
import type { ReportedFigure } from './benchmarks/report.ts';
import { inShort, reported, tableOf } from './benchmarks/report.ts';
import type { Budget, Series } from './benchmarks/series.ts';
import { inWords, resultsOf, verdictOn } from './benchmarks/series.ts';
import { alternate } from './benchmarks/setting.ts';
import { median, percentile, summaryOf } from './benchmarks/statistics.ts';
import { Workshop } from './benchmarks/workshop.ts';
import { openDescriptors } from './processes.ts';

const linuxOnly = process.platform === 'linux' ? false : 'the tests read /proc';

const series: Series = {
  label: 'start of 2',
  unit: 'ms',
  samples: { stagekeeper: [30, 10, 20], naive: [5, 5, 5], s6: [10, 10, 40] },
  budget: { of: 'ratio', to: 's6', atMost: 1.5 },
};

test('the median is the middle value, or the mean of the two middle values', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(median([10, 9, 100]), 10);
  assert.ok(Number.isNaN(median([])));
  assert.deepEqual(summaryOf([3, 1, 2]), { median: 2, least: 1, most: 3 });
});

test('a percentile is one of the samples', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  assert.equal(percentile(values, 0.99), 198);
  assert.equal(percentile([7], 0.99), 7);
});

test('a ratio compares medians with the contender that the budget names', () => {
  const [ours, floor, peer] = resultsOf(series);
  assert.deepEqual(ours, {
    ...{ contender: 'stagekeeper', samples: [30, 10, 20] },
    ...{ median: 20, least: 10, most: 30, ratio: 2 },
    verdict: { budget: series.budget, reached: 2, met: false },
  });
  assert.equal(floor?.ratio, 0.5);
  assert.equal(peer?.ratio, 1);
  assert.deepEqual([floor.verdict, peer.verdict], [undefined, undefined], 'others have no budget');
});

test('a value equal to the limit is within the budget', () => {
  const met = (budget: Budget): boolean | undefined =>
    verdictOn('stagekeeper', { ...series, budget })?.met;
  assert.equal(met({ of: 'ratio', to: 's6', atMost: 2 }), true);
  assert.equal(met({ of: 'ratio', to: 's6', atMost: 1.99 }), false);
  assert.equal(met({ of: 'ratio', to: 's6', atLeast: 2 }), true);
  assert.equal(met({ of: 'ratio', to: 's6', atLeast: 2.01 }), false);
  assert.equal(met({ of: 'difference', to: 's6', atMost: 10 }), true);
  assert.equal(met({ of: 'difference', to: 's6', atMost: 9 }), false);
  assert.equal(met({ of: 'value', atMost: 20 }), true);
  assert.equal(met({ of: 'value', atMost: 19 }), false);
});

test('the native spawner may have a budget of its own', () => {
  const samples = { stagekeeper: [12], 'stagekeeper (native)': [12], C: [6], s6: [10] };
  const nativeBudget: Budget = { of: 'ratio', to: 'C', atMost: 1.5 };
  const met = (more: Partial<Series>): readonly (boolean | undefined)[] =>
    resultsOf({ ...series, samples, ...more }).map(({ verdict }) => verdict?.met);
  assert.deepEqual(met({}), [true, true, undefined, undefined]);
  assert.deepEqual(met({ nativeBudget }), [true, false, undefined, undefined]);
});

test('without a result of the peer there is no verdict', () => {
  assert.equal(verdictOn('stagekeeper', { ...series, samples: { stagekeeper: [1] } }), undefined);
  assert.equal(resultsOf({ ...series, samples: { stagekeeper: [1] } })[0]?.ratio, undefined);
});

test('a budget is written as text', () => {
  assert.equal(inWords({ of: 'ratio', to: 's6', atMost: 1.2 }, 'ms'), 'at most 1.2 × s6');
  assert.equal(inWords({ of: 'ratio', to: 's6', atLeast: 0.95 }, 'MB/s'), 'at least 0.95 × s6');
  assert.equal(
    inWords({ of: 'difference', to: 'bare node', atMost: 70 }, 'ms'),
    'at most 70 ms over bare node',
  );
  assert.equal(inWords({ of: 'value', atMost: 1 }, '%'), 'at most 1 %');
});

const figure: ReportedFigure = reported({
  figure: 'start',
  work: 'a < b & "c"',
  took: 12,
  series: [series],
});

test('a table has a line for each contender, and colours those with a budget', () => {
  assert.equal(
    tableOf(figure, (text, met) => `${met ? '+' : '-'}${text}`),
    `start (12 s): a < b & "c"
                            median  range          ratio  budget
  -start of 2  stagekeeper  20.0 ms  10.0 to 30.0  2.00 ×  at most 1.5 × s6: missed (2.00)
              naive        5.00 ms  5.00 to 5.00  0.50 ×
              s6           10.0 ms  10.0 to 40.0  1.00 ×
`,
  );
});

test('numbers have three digits', () => {
  assert.deepEqual([0, 0.012345, 0.5, 1.2345, 12.345, 123.45, 12345].map(inShort), [
    '0',
    '0.012',
    '0.500',
    '1.23',
    '12.3',
    '123',
    '12345',
  ]);
});

test('the JSON contains the values of the table', () => {
  const read = JSON.parse(JSON.stringify(figure)) as ReportedFigure;
  assert.deepEqual(read, figure);
  assert.equal(read.series[0]?.budget, 'at most 1.5 × s6');
  assert.deepEqual(
    read.series[0].results.map(({ verdict }) => verdict?.met),
    [false, undefined, undefined],
  );
});

test('a chart is well-formed, with a bar for each contender', () => {
  const chart = chartOf(figure);
  assert.equal(chart.match(/<rect /g)?.length, 3);
  const open: string[] = [];
  for (const [, close, name = '', attributes = '', single] of chart.matchAll(
    /<(\/?)(\w+)((?: [\w-]+="[^"<&]*")*)\s*(\/?)>/g,
  )) {
    if (close === '/') assert.equal(open.pop(), name);
    else if (single !== '/') open.push(name);
    assert.doesNotMatch(attributes, /NaN|Infinity/);
  }
  assert.deepEqual(open, []);
  const text = chart.replaceAll(/<(\/?)(\w+)((?: [\w-]+="[^"<&]*")*)\s*(\/?)>/g, '');
  assert.doesNotMatch(text, /[<>"]|&(?!amp;|lt;|gt;|quot;)/, 'the rest is text');
  assert.match(text, /a &lt; b &amp; &quot;c&quot;/);
});

test('a bar is cut when it would make the other bars invisible', () => {
  const samples = { stagekeeper: [2], naive: [1], s6: [1], slow: [1000] };
  const one = { label: 'restart', unit: 'ms', samples };
  const chart = chartOf(reported({ figure: 'restart', work: '', took: 1, series: [one] }));
  const widths = [...chart.matchAll(/<rect .*? width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  );
  const [ours = NaN, naive, , slow] = widths;
  assert.deepEqual([naive, slow], [ours / 2, ours]);
  assert.equal(chart.match(/<path /g)?.length, 1);
});

test('contenders run in turns', async () => {
  const turns: string[] = [];
  const reaches = await alternate([{ name: 'a' }, { name: 'b' }], 2, ({ name }) => {
    turns.push(name);
    return Promise.resolve({ turn: turns.length });
  });
  assert.deepEqual(turns, ['a', 'b', 'a', 'b']);
  assert.deepEqual(reaches.get('turn'), { a: [1, 3], b: [2, 4] });
});

test('a failed turn loses one sample, and is reported', async (t) => {
  const told = t.mock.method(console, 'error', () => undefined);
  let turns = 0;
  const reaches = await alternate([{ name: 'a' }, { name: 'b' }], 2, () => {
    turns += 1;
    return turns === 2 ? Promise.reject(new Error('is broken')) : Promise.resolve({ turn: turns });
  });
  assert.deepEqual(reaches.get('turn'), { a: [1, 3], b: [4] });
  const [call] = told.mock.calls;
  assert.deepEqual(call?.arguments, ['Run 1 of b failed: Error: is broken']);
});

test('the figure idle counts every wake-up, however rare', () => {
  // One every 8 s, in five windows of 6 s.
  const states = [0, 1, 1, 2, 3, 4].map((wakeUps, index) => ({ wakeUps, cpu: 2 * index }));
  assert.deepEqual(spentIn(states), { wakeUps: [4], cpu: [10, 10, 10, 10, 10] });
});

test('contenders at work', { skip: linuxOnly }, async (t) => {
  const workshop = new Workshop();
  t.after(() => {
    workshop.close();
  });

  await t.test('a figure is measured from end to end, and leaves no process', async () => {
    const setting = {
      ...{ workshop, contenders: [stagekeeper, naive], runs: 1, most: 1 },
      wanted: () => true,
    };
    const [warm, cold] = await start.measure(setting);
    assert.equal(warm?.label, 'start of 1');
    for (const name of ['stagekeeper', 'naive']) {
      const [first = NaN] = warm.samples[name] ?? [];
      const [whole = NaN] = cold?.samples[name] ?? [];
      assert.ok(first > 0, 'it took its time');
      assert.ok(whole > first, 'a cold start is a start and more');
    }
    assert.deepEqual(workshop.living(), [], 'everything has ended by itself');
    assert.deepEqual(readdirSync(workshop.folder).toSorted(), ['compiled', 'node']);
    assert.deepEqual(openIn(workshop.folder), []);
  });

  await t.test('closing the workshop during a run ends the processes that it started', async () => {
    const services = [{ name: 's', run: '#!/bin/sh\nexec sleep 1000000\n' }];
    const prepared = await naive.prepare({ workshop, folder: workshop.stand(), services });
    const life = await prepared.start();
    await life.told?.('startDelay');
    assert.equal(workshop.living().length, 2, 'the supervisor and the service');
    workshop.close();
    assert.deepEqual(workshop.living(), []);
    assert.equal(existsSync(workshop.folder), false);
    await life.gone;
  });
});

/** This process's descriptors for files in a folder. */
function openIn(folder: string): readonly string[] {
  return openDescriptors().filter((each) => each.includes(` ${folder}`));
}
