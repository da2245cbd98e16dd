import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * Whether the host's command shares the host's terminal. Then it stays in the host's session and process group too, since
 * a session of its own would have no terminal: no job control, and no Ctrl-C.
 */
export function sharesTerminal(): boolean {
  return isatty(0);
}

/**
 * Whether what is typed at the terminal comes to the host's process group, which is in the foreground then. A command with job
 * control takes itself out of it. Where the system does not tell, it is taken for granted.
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

/** Where the process group stands after the name, and the one that is in the foreground (`proc(5)`: pgrp, tpgid). */
const groupAt = 2;
const foregroundAt = 5;
