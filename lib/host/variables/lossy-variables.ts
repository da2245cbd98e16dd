import { isUtf8 } from 'node:buffer';
import { readWhole } from '../../system/read-file.ts';

/** The character with which Node replaces bytes that are not UTF-8. */
const replacement = '\uFFFD';

/** The number of bytes of the environment that are read: a process is started with 6 MiB at most (Linux). */
const longestEnvironment = 8 * 1024 * 1024;

/**
 * The names of those variables that this process got in bytes that are not UTF-8, which `process.env` does not show (Linux: read from
 * `/proc`; elsewhere none).
 */
export function lossyVariables(
  variables: Readonly<Record<string, string | undefined>>,
): ReadonlySet<string> {
  const suspects = new Map<string, string>();
  for (const [name, value = ''] of Object.entries(variables)) {
    if (`${name}=${value}`.includes(replacement)) suspects.set(`${name}=${value}`, name);
  }
  const lossy = new Set<string>();
  if (suspects.size === 0) return lossy;
  for (const entry of ownEnvironment()) {
    const name = isUtf8(entry) ? undefined : suspects.get(entry.toString());
    if (name !== undefined) lossy.add(name);
  }
  return lossy;
}

/** Each `NAME=value` that this process was started with. */
function* ownEnvironment(): Generator<Buffer> {
  let bytes: Buffer;
  try {
    bytes = readWhole('/proc/self/environ', longestEnvironment);
  } catch {
    return;
  }
  let start = 0;
  for (let end = bytes.indexOf(0); end !== -1; end = bytes.indexOf(0, start)) {
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}
