import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Workshop } from './workshop.ts';

/** The numbers that a program of `hosts` prints. */
export async function numbersFrom(
  workshop: Workshop,
  name: string,
  ...args: readonly string[]
): Promise<readonly number[]> {
  const command = [await workshop.host(name), ...args];
  const { stdout } = await promisify(execFile)(workshop.node, command, { env: workshop.env });
  return stdout.trim().split(/\s+/).map(Number);
}
