import type { Contender } from './contenders/contender.ts';
import type { Workshop } from './workshop.ts';

/** The settings of a run of the benchmarks, for all figures. */
export interface Setting {
  readonly workshop: Workshop;
  /** The contenders that take part: all that are installed. */
  readonly contenders: readonly Contender[];
  /** How often each contender does the work. */
  readonly runs: number;
  /** The most services at a time; measurements with more are left out. */
  readonly most: number;
  /** Whether the figure of this name is measured. */
  wanted(figure: string): boolean;
}

/** The values of one contender in one run, by quantity. */
export type Reached = Readonly<Record<string, number>>;

/** The values of all contenders: by quantity, then by contender, one for each run. */
export type Reaches = ReadonlyMap<string, Readonly<Record<string, readonly number[]>>>;

/**
 * Runs the work of the contenders in turns, so that other load on the machine affects all of them. A turn that fails is
 * reported, and that contender has one sample less.
 */
export async function alternate<One extends { readonly name: string }>(
  contenders: readonly One[],
  runs: number,
  work: (contender: One) => Promise<Reached>,
): Promise<Reaches> {
  const reaches = new Map<string, Record<string, number[]>>();
  for (let run = 0; run < runs; run += 1) {
    for (const contender of contenders) {
      for (const [what, value] of Object.entries(await turn(contender, run, work))) {
        const samples = reaches.get(what) ?? {};
        (samples[contender.name] ??= []).push(value);
        reaches.set(what, samples);
      }
    }
  }
  return reaches;
}

async function turn<One extends { readonly name: string }>(
  contender: One,
  run: number,
  work: (contender: One) => Promise<Reached>,
): Promise<Reached> {
  try {
    return await work(contender);
  } catch (error) {
    console.error(`Run ${String(run + 1)} of ${contender.name} failed: ${String(error)}`);
    return {};
  }
}
