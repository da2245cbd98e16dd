/** A shell script as it stands, except that `\${` is `${` in it; what is put in is a piece of another one. */
export function shell(strings: TemplateStringsArray, ...pieces: readonly string[]): string {
  return String.raw(strings, ...pieces).replaceAll('\\${', '${');
}

/** A text as one word of a shell script. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
