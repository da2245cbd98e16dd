import { posix } from 'node:path';
import ts from 'typescript';

/** What the rules need to know of one source file. */
export interface Source {
  /** From the repository's root, with slashes: `lib/model/tree.ts`. */
  readonly path: string;
  /** The number of lines, comments and blanks included. */
  readonly lines: number;
  /** The files that it imports or re-exports from, by path; values and types alike. */
  readonly files: readonly string[];
  /** The packages and modules of Node that it imports, as written. */
  readonly modules: readonly string[];
  /** The names that it uses freely: `Date`, and for a member of one of them also `process.exit`. */
  readonly names: ReadonlySet<string>;
  /** The types, classes among them, that it declares and exports. */
  readonly types: readonly string[];
}

/** Reads the imports and the names out of a map of path → text. */
export function scan(files: Readonly<Record<string, string>>): readonly Source[] {
  return Object.entries(files).map(([path, text]) => {
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const imports = new Set<string>();
    const names = new Set<string>();
    visit(tree, (node) => {
      const specifier = importedBy(node);
      if (specifier !== undefined) imports.add(specifier);
      for (const name of namedBy(node)) names.add(name);
    });
    const relative = [...imports].filter((specifier) => specifier.startsWith('.'));
    return {
      path,
      lines: text.trimEnd().split('\n').length,
      files: relative.map((specifier) => posix.join(posix.dirname(path), specifier)),
      modules: [...imports].filter((specifier) => !relative.includes(specifier)),
      names,
      types: tree.statements.flatMap(typeDeclaredBy),
    };
  });
}

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => {
    visit(child, look);
  });
}

/** `import`, `export … from`, `import()`, `require()`, which a bundle may number, and the type `import('…')`. */
function importedBy(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return literal(node.moduleSpecifier);
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return literal(node.argument.literal);
  }
  if (ts.isExternalModuleReference(node)) return literal(node.expression);
  if (!ts.isCallExpression(node)) return undefined;
  const dynamic = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const required = ts.isIdentifier(node.expression) && /^require\d*$/.test(node.expression.text);
  return dynamic || required ? literal(node.arguments[0]) : undefined;
}

function typeDeclaredBy(node: ts.Statement): readonly string[] {
  const isType =
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isClassDeclaration(node);
  if (!isType || node.name === undefined) return [];
  const isExported = node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
  return isExported === true ? [node.name.text] : [];
}

function literal(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function namedBy(node: ts.Node): readonly string[] {
  if (ts.isIdentifier(node)) return isMember(node) ? [] : [node.text];
  const member = memberOf(node);
  if (member === undefined) return [];
  return member.owner === 'globalThis' ? [member.name] : [`${member.owner}.${member.name}`];
}

/** Whether an identifier only says which member is meant: `it.process`, `{ process: 1 }`, `process?: string`. */
function isMember(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  const named =
    ts.isPropertyAccessExpression(parent) ||
    ts.isPropertyAssignment(parent) ||
    ts.isClassElement(parent) ||
    ts.isTypeElement(parent);
  return named && parent.name === node;
}

function memberOf(node: ts.Node): { owner: string; name: string } | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    return { owner: node.expression.text, name: node.name.text };
  }
  if (ts.isElementAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const name = literal(node.argumentExpression);
    return name === undefined ? undefined : { owner: node.expression.text, name };
  }
  return undefined;
}
