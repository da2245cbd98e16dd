import { existsSync } from 'node:fs';
import { execlineFolder } from '../../lib/host/shims/programs.ts';

/** What ends the PATH of every process: the folder of Debian's execline, where that is installed. */
export const lastOnPath = existsSync(execlineFolder) ? `:${execlineFolder}` : '';
