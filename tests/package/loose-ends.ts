import { posix } from 'node:path';
import ts from 'typescript';
import { scan } from '../architecture/source.ts';

/**
 * One sentence for each file or package that the code or the declarations of a published package import and that is not there.
 * `texts` has the texts of all its files by path; `packages` are the packages that may be imported.
 */
export function looseEnds(
  texts: Readonly<Record<string, string>>,
  packages: readonly string[],
): readonly string[] {
  const read = Object.entries(texts).filter(([path]) => /\.(js|d\.ts)$/.test(path));
  return scan(Object.fromEntries(read)).flatMap((source) => {
    const { path } = source;
    const named = references(texts[path] ?? '');
    const files = [
      ...source.files.map((file) => asImported(path, file)),
      ...named.files.map((file) => posix.join(posix.dirname(path), file)),
    ].filter((file) => !Object.hasOwn(texts, file));
    const foreign = [
      ...source.modules.filter(
        (name) => !name.startsWith('node:') && !packages.includes(packageOf(name)),
      ),
      ...named.packages.filter(
        (name) => !packages.includes(name) && !packages.includes(`@types/${name}`),
      ),
    ];
    return [...files, ...foreign].map((name) => `${path} imports ${name}, which is not there`);
  });
}

/** The files and packages that `/// <reference …>` names. */
function references(text: string): { files: readonly string[]; packages: readonly string[] } {
  const { referencedFiles, typeReferenceDirectives } = ts.preProcessFile(text, false);
  const names = (list: readonly ts.FileReference[]): string[] =>
    list.map(({ fileName }) => fileName);
  return { files: names(referencedFiles), packages: names(typeReferenceDirectives) };
}

/** The path of an imported file: a declaration imports `x.js` where it means `x.d.ts`. */
function asImported(importer: string, file: string): string {
  return importer.endsWith('.d.ts') ? file.replace(/(\.d)?\.[jt]s$/, '.d.ts') : file;
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
