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
 * under `/command/` and `/package/`, distributions have the same ones elsewhere. `undefined`: the program may not be
 * looked up.
 */
export function nameElsewhere(program: string): string | undefined {
  return /^\/(?:command|package)\/(?:.*\/)?([^/]+)$/s.exec(program)?.[1];
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
