import type { Result } from './series.ts';
import type { ReportedFigure, ReportedSeries } from './report.ts';
import { inShort } from './report.ts';
import { median } from './statistics.ts';

const width = 640;
const nameWidth = 150;
const barWidth = 370;
const line = 20;

/** A bar longer than this many times the median is cut: it would make the others too short to see. */
const outlying = 5;

/**
 * A figure as a bar chart in SVG: one group for each series, scaled to its longest bar that is not cut, with the range as a
 * thin line.
 */
export function chartOf({ name, work, series }: ReportedFigure): string {
  let top = line;
  const groups = series.map((one) => {
    const group = groupOf(one, top);
    top += (one.results.length + 2) * line;
    return group;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="${String(top)}" role="img"`,
    ` font-family="sans-serif" font-size="12" fill="#57606a"><title>${escaped(`${name}: ${work}`)}</title>\n`,
    ...groups,
    '</svg>\n',
  ].join('');
}

function groupOf({ label, unit, budget, results }: ReportedSeries, top: number): string {
  const bound = outlying * median(results.map((result) => finite(result.median)));
  const whole = results.filter((result) => !(bound > 0) || finite(result.median) <= bound);
  const longest = Math.max(...whole.map(({ most }) => finite(most)), Number.MIN_VALUE);
  const measure = unit === '' ? label : `${label}, ${unit}`;
  const title = `${measure}${budget === undefined ? '' : ` (budget: ${budget})`}`;
  const bars = results.map((result, index) =>
    whole.includes(result)
      ? barOf(result, top + (index + 1) * line, barWidth / longest)
      : cutBarOf(result, top + (index + 1) * line),
  );
  return `<text x="0" y="${String(top)}" font-weight="bold">${escaped(title)}</text>\n${bars.join('')}`;
}

function barOf(result: Result, y: number, scale: number): string {
  const at = (value: number): string => (nameWidth + finite(value) * scale).toFixed(1);
  const middle = String(y - 4);
  const [from, to] = [at(result.least), at(result.most)];
  const range = `<line x1="${from}" y1="${middle}" x2="${to}" y2="${middle}" stroke="#24292f"/>`;
  return rowOf(result, y, finite(result.median) * scale, range);
}

/** A bar with a gap near its end, which means that it is cut. */
function cutBarOf(result: Result, y: number): string {
  const x = nameWidth + barWidth - 16;
  const gap = `<path d="M${String(x)} ${String(y + 4)}l6 -16" stroke="#fff" stroke-width="4"/>`;
  return rowOf(result, y, barWidth, gap);
}

function rowOf(result: Result, y: number, length: number, more: string): string {
  return [
    `<text x="0" y="${String(y)}">${escaped(result.contender)}</text>`,
    `<rect x="${String(nameWidth)}" y="${String(y - 11)}" width="${length.toFixed(1)}" height="14" fill="${colourOf(result)}"/>`,
    more,
    `<text x="${String(nameWidth + barWidth + 8)}" y="${String(y)}">${inShort(result.median)}</text>\n`,
  ].join('');
}

function colourOf({ contender, verdict }: Result): string {
  if (verdict?.met === false) return '#cf222e';
  return contender.startsWith('stagekeeper') ? '#0969da' : '#8c959f';
}

const finite = (value: number): number => (Number.isFinite(value) ? Math.max(0, value) : 0);

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (sign) => entities[sign] ?? sign);
}
