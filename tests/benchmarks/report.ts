import type { Figure, Measured } from './figure.ts';
import type { Result, Series, Verdict } from './series.ts';
import { inWords, resultsOf } from './series.ts';

/** The result of a run of the benchmarks. */
export interface Report {
  readonly node: string;
  readonly cores: number;
  /** The load average of the minute before the run. */
  readonly load: number;
  readonly runs: number;
  /** The peers that did not take part, with the reasons. */
  readonly missing: Readonly<Record<string, string>>;
  /** How long it took, in seconds. */
  readonly took: number;
  readonly figures: readonly ReportedFigure[];
}

/** The results of a figure. */
export interface ReportedFigure extends Pick<Figure, 'name' | 'work'> {
  /** How long it took, in seconds; work that several figures share counts for the first of them. */
  readonly took: number;
  readonly series: readonly ReportedSeries[];
}

/** The results of a series, with verdicts. */
export interface ReportedSeries extends Pick<Series, 'label' | 'unit'> {
  readonly budget?: string;
  readonly results: readonly Result[];
}

/** Computes the results of a figure from the measured values. */
export function reported({ figure, work, took, series }: Measured): ReportedFigure {
  return {
    name: figure,
    work,
    took,
    series: series.map((one) => ({
      label: one.label,
      unit: one.unit,
      ...(one.budget !== undefined && { budget: inWords(one.budget, one.unit) }),
      results: resultsOf(one),
    })),
  };
}

/** Colours the text of a kept or missed budget. */
export type Paint = (text: string, met: boolean) => string;

/** A figure as a table of text. */
export function tableOf({ name, work, took, series }: ReportedFigure, paint: Paint): string {
  const head = ['', '', 'median', 'range', 'ratio', 'budget'];
  const rows = series.flatMap((one) =>
    one.results.map((result, place) => rowOf(one, result, place)),
  );
  const all = [head, ...rows.map(({ cells }) => cells)];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const lines = all.map((cells, index) => {
    const line = cells.map((cell, column) => aligned(cell, widths[column] ?? 0, column)).join('  ');
    const met = rows[index - 1]?.met;
    return met === undefined ? line.trimEnd() : paint(line.trimEnd(), met);
  });
  return `${name} (${String(took)} s): ${work}\n${lines.map((line) => `  ${line}`.trimEnd()).join('\n')}\n`;
}

/** A number with three significant digits. */
export function inShort(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 3));
}

interface Row {
  readonly cells: readonly string[];
  readonly met: boolean | undefined;
}

function rowOf({ label, unit }: ReportedSeries, result: Result, place: number): Row {
  const { contender, median, least, most, ratio, verdict } = result;
  return {
    met: verdict?.met,
    cells: [
      place === 0 ? label : '',
      contender,
      `${inShort(median)} ${unit}`,
      `${inShort(least)} to ${inShort(most)}`,
      ratio === undefined ? '' : `${ratio.toFixed(2)} ×`,
      verdict === undefined ? '' : inVerdict(verdict, unit),
    ],
  };
}

function inVerdict({ budget, reached, met }: Verdict, unit: string): string {
  const by = budget.of === 'value' ? '' : ` (${inShort(reached)})`;
  return `${inWords(budget, unit)}: ${met ? 'kept' : 'missed'}${by}`;
}

function aligned(cell: string, width: number, column: number): string {
  const isNumber = column === 2 || column === 4;
  return isNumber ? cell.padStart(width) : cell.padEnd(width);
}
