import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const library = (path: string): string =>
  fileURLToPath(new URL(`../../lib/${path}`, import.meta.url));

// A project of its own needs none of this: there the name of the library is that of the installed one.
export default defineConfig({
  test: { include: ['vitest.test.ts'] },
  resolve: {
    alias: [
      { find: /^stagekeeper$/, replacement: library('index.ts') },
      { find: /^stagekeeper\/testing$/, replacement: library('testing/index.ts') },
    ],
  },
});
