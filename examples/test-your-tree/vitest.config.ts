import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const library = (path: string): string =>
  fileURLToPath(new URL(`../../lib/${path}`, import.meta.url));

// A project with stagekeeper installed does not need this alias.
export default defineConfig({
  test: { include: ['vitest.test.ts'] },
  resolve: {
    alias: [
      { find: /^stagekeeper$/, replacement: library('index.ts') },
      { find: /^stagekeeper\/testing$/, replacement: library('testing/index.ts') },
    ],
  },
});
