import { type Ask, percentile } from "../load.ts";
import type { PinnedProgram } from "../pinned.ts";
import { type Programs, TITLES } from "./programs.ts";

/** What is measured for a column of a row. */
export interface Contestant {
  readonly column: string;
  /** A client's turns alternate between them. */
  readonly programs: readonly [PinnedProgram, ...PinnedProgram[]];
  readonly ask: Ask;
  /** True if it may not know what it is asked for: it then has no figure. */
  readonly mayRefuse: boolean;
}

/** What each program is asked for in a row; those that are asked for nothing have no figure. */
interface Asks {
  readonly products: Ask;
  readonly bare?: Ask;
  readonly sdk?: Ask;
  readonly portkey?: Ask;
}

/** Returns the contestants of a row. The first is the server of this commit. */
export function contestantsOf(
  { products, bare, sdk, portkey }: Programs,
  asks: Asks,
): [Contestant, ...Contestant[]] {
  const beside = (column: string, program: PinnedProgram | undefined, ask: Ask | undefined): Contestant[] =>
    program && ask ? [{ column, programs: [program], ask, mayRefuse: false }] : [];
  const ofProduct = ({ title, server, isOther }: (typeof products)[0]): Contestant => ({
    column: title,
    programs: [server],
    ask: asks.products,
    mayRefuse: isOther,
  });
  const [own, ...others] = products;
  return [
    ofProduct(own),
    ...others.map(ofProduct),
    ...beside(TITLES.bare, bare, asks.bare),
    ...beside(TITLES.sdk, sdk, asks.sdk),
    ...beside(TITLES.portkey, portkey, asks.portkey),
  ];
}

const ROUNDS = 3;

/**
 * Measures the contestants one after the other, in several rounds, so that other work on the machine affects all of them.
 * Returns what each round found, by column, without a first one in which code is compiled.
 */
export async function inRounds<Found>(
  contestants: readonly Contestant[],
  measure: (contestant: Contestant) => Promise<Found>,
  rounds = ROUNDS,
): Promise<Map<string, Found[]>> {
  const found = new Map<string, Found[]>();
  const refused = new Set<Contestant>();
  for (let round = 0; round <= rounds; round++) {
    for (const contestant of contestants.filter((one) => !refused.has(one))) {
      try {
        const { column } = contestant;
        const one = await measure(contestant);
        if (round > 0) found.set(column, [...(found.get(column) ?? []), one]);
      } catch (error) {
        if (!contestant.mayRefuse) throw error;
        refused.add(contestant);
      }
    }
  }
  return found;
}

/** Returns the median of a figure, by column. */
export function medians<Found>(
  found: ReadonlyMap<string, readonly Found[]>,
  figureOf: (found: Found) => number,
): Map<string, number> {
  return new Map([...found].map(([column, rounds]) => [column, percentile(rounds.map(figureOf), 0.5)]));
}

/** Returns the microseconds of CPU of each of the things that `work` counts. */
export async function cpuMicroseconds(
  programs: readonly PinnedProgram[],
  work: () => Promise<number>,
): Promise<number> {
  const used = () => programs.reduce((sum, program) => sum + program.cpuSeconds(), 0);
  const before = used();
  const count = await work();
  return ((used() - before) * 1e6) / count;
}
