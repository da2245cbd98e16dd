import type { CLibrary } from './c-library.ts';

/**
 * Strings as C functions take a list of them: pointers, the last of which is null, and behind them, in the same piece of
 * memory, what they point to.
 *
 * @throws when there is a NUL in one.
 */
export function stringsOf(
  { addressOf, wide }: Pick<CLibrary, 'addressOf' | 'wide'>,
  strings: readonly string[],
): Buffer {
  refuseNul(strings);
  const text = strings.map((string) => `${string}\0`).join('');
  const size = Buffer.byteLength(text);
  const isAscii = size === text.length;
  const pointers = (strings.length + 1) * (wide ? 8 : 4);
  const bytes = Buffer.alloc(pointers + size);
  bytes.write(text, pointers);
  const { buffer, byteOffset } = bytes;
  const all = wide
    ? new BigUint64Array(buffer, byteOffset, strings.length)
    : new Uint32Array(buffer, byteOffset, strings.length);
  const start = addressOf(bytes) + BigInt(pointers);
  let offset = 0;
  for (const [index, string] of strings.entries()) {
    const pointer = start + BigInt(offset);
    all[index] = wide ? pointer : Number(pointer);
    offset += (isAscii ? string.length : Buffer.byteLength(string)) + 1;
  }
  return bytes;
}

/** Refuses strings that C would take for shorter ones, as Node does. */
export function refuseNul(strings: readonly string[]): void {
  const refused = strings.find((string) => string.includes('\0'));
  if (refused === undefined) return;
  const message = `there is a NUL in ${JSON.stringify(refused.slice(0, 40))}`;
  throw Object.assign(new Error(message), { code: 'ERR_INVALID_ARG_VALUE' });
}
