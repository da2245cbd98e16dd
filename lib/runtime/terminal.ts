import { isatty } from 'node:tty';

/**
 * Whether the host's command shares the host's terminal. Then it stays in the host's session and process group too, since
 * a session of its own would have no terminal: no job control, and no Ctrl-C.
 */
export function sharesTerminal(): boolean {
  return isatty(0);
}
