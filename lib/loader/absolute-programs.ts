import { basename, dirname } from 'node:path';
import { headLength, parseHead } from '../model/interpreter.ts';
import type { Reading } from './reading.ts';

/** How much of a script is searched for absolute paths of programs, in bytes. */
export const searchedLength = 4 * headLength;

/**
 * Notes the programs of s6-overlay that a script calls by absolute paths which lead nowhere, and of which the supervisor does not
 * make the link. It is a search for words: what a line only looks for, links to or has in a comment is left out.
 */
export function noteAbsolutePrograms(
  { host, missingPlaces }: Reading,
  script: string,
  text: Uint8Array,
  first: 'with its interpreter line' | 'without its interpreter line',
): void {
  if (host === null || parseHead(text.subarray(0, headLength)).kind === 'binary') return;
  const seen = new Set<string>();
  for (const [index, line] of new TextDecoder().decode(text).split('\n').entries()) {
    if (/^\s*#/.test(line) && !(index === 0 && first === 'with its interpreter line')) continue;
    for (const program of programsIn(line)) {
      const place = placeOf(program);
      if (seen.has(place) || host.reaches(program)) continue;
      seen.add(place);
      const known = missingPlaces.get(place);
      if (known === undefined)
        missingPlaces.set(place, { script, line: index + 1, program, more: 0 });
      else known.more += 1;
    }
  }
}

/** Reports each place once, however many scripts call a program there. */
export function tellMissingPlaces(reading: Reading): void {
  for (const [place, { script, line, program, more }] of reading.missingPlaces) {
    const others =
      more === 0 ? '' : more === 1 ? ', as 1 more does' : `, as ${String(more)} more do`;
    const says = `calls ${program} by its absolute path${others}, and nothing is there`;
    reading.tell('program-absolute', script, says, { line, remedy: remedyFor(place) });
  }
}

/** The programs of s6-overlay v3, and those of v2 that this library has. */
const absolute =
  /(?<![\w./$}-])(?:\/(?:command|package\/(?:[\w.+-]+\/)+command)\/[\w.+-]*\w|\/(?:usr\/)?bin\/(?:with-contenv|printcontenv|execlineb|s6-setuidgid|s6-sv(?:c|dt|ok|scanctl|stat|wait)))(?![\w./-])/g;

/** What stands before a path that is not called: the test for a file. */
const looksFor = /(?:^|\s)-[efhvxL]\s+["']?$/;

function programsIn(line: string): readonly string[] {
  if (/(?:^|\s)ln\s/.test(line)) return [];
  return [...line.matchAll(absolute)]
    .filter(({ index }) => !looksFor.test(line.slice(0, index)))
    .map(([program]) => program);
}

/** What the image lacks: the folder of the programs of v3, or the program itself among those of the system. */
function placeOf(program: string): string {
  return /^\/(?:command|package)\//.test(program) ? dirname(program) : program;
}

function remedyFor(place: string): string {
  const name = basename(place);
  if (name === 'execlineb') return 'Install execline, which has it, or give the image a link.';
  const isFolder = name === 'command';
  const target = isFolder ? '/run/s6/bin' : `/run/s6/bin/${name}`;
  const above = dirname(place);
  const folder = place.startsWith('/package/') ? `mkdir -p ${above} && ` : '';
  return (
    `Give the image the link (RUN ${folder}ln -s ${target} ${place}) and the supervisor runtimeDirectory: '/run/s6'; ` +
    'as process 1 with that and a writable root it makes the link itself.'
  );
}
