import type { Contender } from './contenders/contender.ts';
import type { Workshop } from './workshop.ts';

/** What all figures are measured with. */
export interface Setting {
  readonly workshop: Workshop;
  /** Who takes part: all that are installed. */
  readonly contenders: readonly Contender[];
  /** How often each contender does the work. */
  readonly runs: number;
  /** The most services at a time; larger numbers are left out. */
  readonly most: number;
  /** Whether this figure is to be measured, by its name. */
  wanted(figure: string): boolean;
}

/** What one contender reached in one run, by what was measured. */
export type Reached = Readonly<Record<string, number>>;

/** What all contenders reached: by what was measured, then by contender, run by run. */
export type Reaches = ReadonlyMap<string, Readonly<Record<string, readonly number[]>>>;

/**
 * Lets contenders take turns, so that what the machine does meanwhile falls upon all of them. A turn that fails is told, and
 * costs that contender a sample.
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
