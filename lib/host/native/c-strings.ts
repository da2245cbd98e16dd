import type { CLibrary } from './c-library.ts';

/**
 * A list of strings in the form that C functions take: an array of pointers that ends with null, followed in the same memory
 * by the strings.
 *
 * @throws when a string contains a NUL.
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

/** Rejects strings with a NUL, as Node does: C would read only the part before it. */
export function refuseNul(strings: readonly string[]): void {
  const refused = strings.find((string) => string.includes('\0'));
  if (refused === undefined) return;
  const message = `there is a NUL in ${JSON.stringify(refused.slice(0, 40))}`;
  throw Object.assign(new Error(message), { code: 'ERR_INVALID_ARG_VALUE' });
}
