import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { Environment } from '../../lib/host/variables/environment.ts';
import { RuntimeDirectory } from '../../lib/host/directory/runtime-directory.ts';
import { provideShims, shimsFolder } from '../../lib/host/script-interface/shims.ts';
import { plant, testFolder } from './folder.ts';
import { findProgram } from './shells.ts';

/** The shims on a PATH that otherwise has only the tools that a test chooses. */
export interface Tools {
  readonly folder: string;
  readonly environment: Environment;
  readonly shims: string;
  /** Adds links to programs of the system. */
  link(...names: readonly string[]): void;
  /** Adds one of the tools under another name. */
  alias(name: string, tool: string): void;
  /** Adds a shell script. */
  fake(name: string, script: string): void;
  /** The environment of the programs that `run` starts. */
  readonly variables: Readonly<Record<string, string>>;
  run(command: readonly string[], options?: RunOptions): Ran;
}

export interface RunOptions {
  readonly input?: string;
  /** The shell's command line, instead of the shim's first line. */
  readonly shell?: readonly string[];
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function tools(t: TestContext, ...names: readonly string[]): Promise<Tools> {
  const folder = await testFolder(t);
  const runtime = new RuntimeDirectory(join(folder, 'runtime'));
  const environment = new Environment(runtime, {});
  environment.materialize();
  provideShims(runtime);
  const toolbox = join(folder, 'tools');
  mkdirSync(toolbox);
  // Other accounts may look into these folders, except for the runtime directory.
  for (const each of [folder, toolbox]) chmodSync(each, 0o755);
  const link: Tools['link'] = (...programs) => {
    for (const name of programs) symlinkSync(findProgram(name) ?? name, join(toolbox, name));
  };
  link(...names);
  const shims = shimsFolder(runtime);
  const variables = { PATH: `${shims}:${toolbox}`, HOME: '/home' };
  return {
    folder,
    environment,
    shims,
    link,
    alias: (name, tool) => {
      symlinkSync(tool, join(toolbox, name));
    },
    fake: (name, script) => {
      // An existing entry is a link to the system's program: writing would overwrite that.
      rmSync(join(toolbox, name), { force: true });
      plant(join(toolbox, name), `#!/bin/sh\n${script}\n`);
    },
    variables,
    run([name = '', ...args], { shell = [], input = '', variables: more } = {}) {
      const [file = '', ...rest] = [...shell, join(shims, name), ...args];
      const env = { ...variables, ...more };
      const { status, stdout, stderr, error } = spawnSync(file, rest, {
        env,
        input,
        encoding: 'utf8',
      });
      // A test may be about a program that exits without reading its input.
      if (error !== undefined && (error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
      return { code: status, stdout, stderr };
    },
  };
}
