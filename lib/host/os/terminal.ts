import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * Whether the host's command shares the host's terminal. Then it stays in the host's session and process group, since a
 * session of its own has no terminal: no job control, and no Ctrl-C.
 */
export function sharesTerminal(): boolean {
  return isatty(0);
}

/**
 * Whether signals typed at the terminal reach the host's process group: it is in the foreground. A command with job control
 * moves itself to the foreground instead. True where the system does not tell.
 */
export function isInForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[groupAt] === fields[foregroundAt];
  } catch {
    return true;
  }
}

/** The fields after the name: the process group, and the foreground process group of the terminal (`proc(5)`: pgrp, tpgid). */
const groupAt = 2;
const foregroundAt = 5;
