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
  /** Not a script: the kernel executes it itself (an ELF program, say). */
  | { readonly kind: 'binary' }
  | { readonly kind: 'none'; readonly flaw: HeadFlaw };

/** What is wrong with the beginning of a script. */
export type HeadFlaw = 'crlf' | 'bom' | 'late' | 'absent' | 'empty';

/** How many bytes of a script must be read for `parseHead`; the kernel itself looks at 256. */
export const headLength = 512;

/**
 * Reads the interpreter line from the beginning of a script.
 *
 * Everything after the interpreter is one argument, blanks around it are dropped (the kernel's rule). A `with-contenv`
 * of any prefix is taken out and noted; what follows it is the interpreter, looked up on PATH. Flaws that keep the
 * kernel from running the script (CRLF, a byte order mark, something before `#!`) are named, and the line is given as
 * it was meant.
 */
export function parseHead(head: Uint8Array): ScriptHead {
  if (head.length === 0) return { kind: 'none', flaw: 'empty' };
  if (head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46) {
    return { kind: 'binary' };
  }
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(head);
  if (text.startsWith('#!')) {
    const first = firstLine(text);
    const line = parseLine(first);
    if (line === undefined) return { kind: 'none', flaw: 'absent' };
    return first.endsWith('\r') ? { kind: 'line', line, flaw: 'crlf' } : { kind: 'line', line };
  }
  const bom = text.startsWith('\ufeff');
  const meant = /^[\ufeff\s]+(#![^\n]*)/.exec(text)?.[1];
  const line = meant === undefined ? undefined : parseLine(meant);
  if (line !== undefined) return { kind: 'line', line, flaw: bom ? 'bom' : 'late' };
  return { kind: 'none', flaw: text.trim() === '' ? 'empty' : 'absent' };
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end === -1 ? text : text.slice(0, end);
}

function parseLine(line: string): InterpreterLine | undefined {
  const words = split(line.slice(2));
  const [interpreter, argument] = words;
  if (interpreter === undefined) return undefined;
  if (!/(^|\/)with-contenv$/.test(interpreter)) return { words, containerEnvironment: false };
  if (argument === undefined) return undefined;
  return { words: [argument], containerEnvironment: true };
}

/** The interpreter and everything behind it as one argument. */
function split(text: string): readonly string[] {
  const trimmed = text.replace(/^[ \t]+|[ \t\r]+$/g, '');
  const match = /^([^ \t]+)(?:[ \t]+(.*))?$/.exec(trimmed);
  if (match?.[1] === undefined) return [];
  return match[2] === undefined ? [match[1]] : [match[1], match[2]];
}
