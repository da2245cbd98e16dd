import { readFileSync, readdirSync } from 'node:fs';

/** The flag of a descriptor that children do not inherit. */
const closeOnExec = 0o2000000;

/** The descriptors beyond 0, 1 and 2 that this process has inherited, as its children do. */
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
    return ''; // the descriptor of the listing, closed by now
  }
}
