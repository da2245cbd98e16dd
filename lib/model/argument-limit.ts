/**
 * The bytes of the longest argument or variable that a process can be started with, its NUL included; a variable counts with its
 * name and `=` (Linux: MAX_ARG_STRLEN, 32 pages of 4 KiB).
 */
export const longestArgument = 128 * 1024;

/** The longest form of a UTF-16 unit in UTF-8, in bytes. */
const longestUnit = 3;

/** Whether a process can be started with this argument, or with this `NAME=value` in its environment. */
export function fitsArgument(text: string): boolean {
  if (text.length * longestUnit < longestArgument) return true;
  return text.length < longestArgument && new TextEncoder().encode(text).length < longestArgument;
}
