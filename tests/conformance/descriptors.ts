import { readFileSync, readdirSync } from 'node:fs';

/** The flag of a descriptor that is not passed on. */
const closeOnExec = 0o2000000;

/** The descriptors beyond 0, 1 and 2 that whoever started this process has left to it and its children. */
export function inheritedDescriptors(): readonly string[] {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    const [, flags] = /^flags:\s*(\d+)/m.exec(infoOf(descriptor)) ?? [];
    if (flags === undefined || Number(descriptor) < 3) return false;
    return (Number.parseInt(flags, 8) & closeOnExec) === 0;
  });
}

function infoOf(descriptor: string): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
  } catch {
    return ''; // that of the listing, which is over
  }
}
