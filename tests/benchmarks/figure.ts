/** Something that is measured: a piece of work, done so often that its median means something. */
export interface Figure {
  /** What `npm run bench NAME` calls it. */
  readonly name: string;
  /** What is done, in a few words. */
  readonly work: string;
  /** How often it is done before anything counts, so that the process is warm. */
  readonly warmUps: number;
  /** How often it is measured. */
  readonly rounds: number;
  /** The goal, in milliseconds. */
  readonly budget: number;
  /** Does the work once; the milliseconds that it took. */
  measure(): Promise<number>;
}

/** What came of a figure. */
export interface Result {
  readonly name: string;
  readonly work: string;
  readonly unit: 'ms';
  readonly rounds: number;
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly budget: number;
}

/** Measures a figure. */
export async function resultOf(figure: Figure): Promise<Result> {
  for (let round = 0; round < figure.warmUps; round += 1) await figure.measure();
  const times: number[] = [];
  for (let round = 0; round < figure.rounds; round += 1) times.push(await figure.measure());
  times.sort((one, other) => one - other);
  const { name, work, rounds, budget } = figure;
  return {
    name,
    work,
    unit: 'ms',
    rounds,
    median: times[Math.floor(times.length / 2)] ?? NaN,
    least: times[0] ?? NaN,
    most: times.at(-1) ?? NaN,
    budget,
  };
}

/** The results as a table for people. */
export function tableOf(results: readonly Result[]): string {
  const rows = results.map(({ name, median, least, most, budget, work }) => [
    name,
    median.toFixed(1),
    `${least.toFixed(1)} to ${most.toFixed(1)}`,
    `${String(budget)}${median > budget ? ' (missed)' : ''}`,
    work,
  ]);
  const all = [['figure', 'median ms', 'range ms', 'budget ms', 'work'], ...rows];
  const widths = all[0]?.map((_, column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
