/** A template for a shell script: the text as it is, with `\${` for `${`; interpolated strings are pieces of other scripts. */
export function shell(strings: TemplateStringsArray, ...pieces: readonly string[]): string {
  return String.raw(strings, ...pieces).replaceAll('\\${', '${');
}

/** Quotes a text as one word of a shell script. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
