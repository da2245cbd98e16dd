/**
 * Doubles for tests of service trees: a virtual clock, and processes that do what the test says.
 *
 * @packageDocumentation
 */
export { exit, ready } from './behaviour.ts';
export type { Behaviour } from './behaviour.ts';
export { FakeChild } from './fake-child.ts';
export { FakeSpawner } from './fake-spawner.ts';
export { treeOf, writeTree } from './files.ts';
export type { FileSpec, LiteralFile, LiteralFolder, LiteralLink, TreeFiles } from './files.ts';
export { VirtualClock } from './virtual-clock.ts';
