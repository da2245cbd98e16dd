/** The interpreter line of a script, as the kernel reads it. */
export interface InterpreterLine {
  /** The words to execute before the script's path: the interpreter and its one argument, if it has one. */
  readonly words: readonly string[];
  /** Whether the script asks for the container environment (`#!/usr/bin/with-contenv ...`). */
  readonly containerEnvironment: boolean;
}

/** What the beginning of a script says about how to run it. */
export type ScriptHead =
  | { readonly kind: 'line'; readonly line: InterpreterLine; readonly flaw?: HeadFlaw }
  /** Not a script: the kernel executes it itself (an ELF program, for example). */
  | { readonly kind: 'binary' }
  | { readonly kind: 'none'; readonly flaw: HeadFlaw };

/** What is wrong with the beginning of a script. */
export type HeadFlaw = 'crlf' | 'bom' | 'late' | 'absent' | 'empty';

/**
 * How many bytes of a script must be read for `parseHead`: the longest possible path (PATH_MAX). The kernel itself
 * reads only 256, but here this library parses the line, not the kernel.
 */
export const headLength = 4096;

/**
 * Reads the interpreter line from the beginning of a script.
 *
 * Everything after the interpreter is one argument, without the blanks around it (the kernel's rule). A `with-contenv`
 * with any prefix is removed and reported in the result; what follows it is the interpreter, looked up on PATH. Flaws
 * that keep the kernel from running the script (CRLF, a byte order mark, blanks or blank lines before `#!`) are named,
 * and the line is returned as it was intended.
 */
export function parseHead(head: Uint8Array): ScriptHead {
  if (head.length === 0) return { kind: 'none', flaw: 'empty' };
  if (isUtf16(head)) return { kind: 'none', flaw: 'bom' };
  const first = decoder.decode(head.subarray(0, lineEnd(head)));
  if (first.startsWith('#!')) return parseFirst(first);
  if (first.includes('\0')) return { kind: 'binary' };
  return parseLater(decoder.decode(head));
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The name by which a program may be looked up on PATH if it does not exist at its path: s6-overlay v3 has its programs
 * under `/command/` and `/package/`, v2 has those of execline and s6 in `/usr/bin/` and `/bin/`, distributions have the same ones
 * elsewhere. `undefined`: the program may not be looked up.
 */
export function nameElsewhere(program: string): string | undefined {
  const [, v3, v2] =
    /^\/(?:(?:command|package)\/(?:.*\/)?([^/]+)|(?:usr\/)?bin\/(execlineb|s6-[^/]+))$/s.exec(
      program,
    ) ?? [];
  return v3 ?? v2;
}

function isUtf16(head: Uint8Array): boolean {
  return (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
}

function lineEnd(head: Uint8Array): number {
  const end = head.indexOf(0x0a);
  return end === -1 ? head.length : end;
}

function parseFirst(first: string): ScriptHead {
  const line = parseLine(first);
  if (line === undefined) return { kind: 'none', flaw: 'absent' };
  return /\r[ \t]*$/.test(first) ? { kind: 'line', line, flaw: 'crlf' } : { kind: 'line', line };
}

function parseLater(text: string): ScriptHead {
  const meant = /^[\ufeff\s]+(#![^\n]*)/.exec(text)?.[1];
  const line = meant === undefined ? undefined : parseLine(meant);
  if (line !== undefined) {
    return { kind: 'line', line, flaw: text.startsWith('\ufeff') ? 'bom' : 'late' };
  }
  return { kind: 'none', flaw: text.trim() === '' ? 'empty' : 'absent' };
}

function parseLine(line: string): InterpreterLine | undefined {
  const words = split(line.slice(2));
  const [interpreter, argument] = words;
  if (interpreter === undefined) return undefined;
  if (!/(^|\/)with-contenv$/.test(interpreter)) return { words, containerEnvironment: false };
  if (argument === undefined) return undefined;
  return { words: [argument], containerEnvironment: true };
}

/** The interpreter, and everything after it as one argument. A NUL ends the line, as it does in the kernel. */
function split(text: string): readonly string[] {
  const [line = ''] = text.split('\0', 1);
  const match = /^([^ \t]+)(?:[ \t]+(.*))?$/s.exec(line.replace(/^[ \t]+|[ \t\r]+$/g, ''));
  if (match?.[1] === undefined) return [];
  return match[2] === undefined ? [match[1]] : [match[1], match[2]];
}

/** The interpreter line that a script without one was meant to have. */
export interface IntendedLine {
  /** The line, as the script should have it: `#!/bin/sh`. */
  readonly text: string;
  /** Its number in the script, from 1. */
  readonly line: number;
  /** The line as the script has it, when it is misspelt; absent when only something stands before it. */
  readonly misspelt?: string;
}

/**
 * The interpreter line that was meant, in a script in which `parseHead` finds none: it stands further down, a few characters
 * stand before it, or its `#!` is misspelt. `undefined` without any, and where the line may belong to a here-document.
 */
export function intendedLine(head: Uint8Array): IntendedLine | undefined {
  const lines = decoder.decode(head).split('\n');
  const [first = ''] = lines;
  const known = misspeltLine(first) ?? unmarkedLine(lines);
  if (known !== undefined) return { text: `#!${known}`, line: 1, misspelt: first.trim() };
  const end = lines.findIndex((text) => text.includes('<<'));
  const before = end === -1 ? lines : lines.slice(0, end);
  const index = before.findIndex((text, at) => (at === 0 ? anyPrefix : blankPrefix).test(text));
  const text = before[index];
  return text === undefined ? undefined : { text: fromMark(text), line: index + 1 };
}

/** A line with `#!` and a path after a few characters that are no command of their own: `i#!/bin/sh`. */
const anyPrefix = /^\S{0,8}[ \t]{0,8}#![ \t]*[/\w]/;

/** The same after blanks only. */
const blankPrefix = /^[ \t]*#![ \t]*[/\w]/;

function fromMark(text: string): string {
  return text.slice(text.indexOf('#!')).trim();
}

/** The rest of a first line of which the `#!` is misspelt: `!/bin/sh`, `#/bin/sh`, `# !/bin/sh`, `##!/bin/sh`. */
function misspeltLine(first: string): string | undefined {
  if (first.startsWith('#!')) return undefined;
  return /^[#!1][#!1 \t]{0,3}(\/(?:(?:usr\/)?(?:local\/)?s?bin|command|package)\/\S.*)$/s
    .exec(first.trimEnd())?.[1]
    ?.trim();
}

/** A first line that is the path of an interpreter, in a script that goes on: `/bin/sh`. */
function unmarkedLine([first = '', ...others]: readonly string[]): string | undefined {
  const isInterpreter =
    /^\/\S*\/(?:env|(?:ba|da|a|k|z)?sh|bashio|execlineb|with-contenv|node|perl|php|python[\d.]*|ruby)(?:[ \t]|$)/;
  const goesOn = others.some((text) => text.trim() !== '');
  return goesOn && isInterpreter.test(first.trimEnd()) ? first.trim() : undefined;
}

/** The command of a script that is nothing but the path of a program, perhaps with arguments. */
export function onlyCommand(head: Uint8Array): string | undefined {
  const text = decoder.decode(head).trim();
  return /^\/[\w./+-]{1,200}(?:[ \t][\w ./+:=,@%-]{0,100})?$/.test(text) ? text : undefined;
}
