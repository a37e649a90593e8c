import { ResultPrinter } from "../../docs/results/result-page.ts";
import { canPin, type PinnedProgram } from "../pinned.ts";
import { profileCpu, topPlaces } from "../profile.ts";
import { type Programs, TITLES } from "./programs.ts";

/** A figure of each column that has one. */
export type Figures = ReadonlyMap<string, number>;

/** What a figure of this server must not exceed. */
export interface Bar {
  readonly text: string;
  readonly max: number;
}

export const atMost = (max: number, text = `≤ ${max}`): Bar => ({ text, max });

/** The table, and what explains the rows that miss their bar. */
export class TurnTable {
  readonly results = new ResultPrinter();
  readonly #columns: readonly string[];
  readonly #ofThisServer: string;
  readonly #isProfiled: boolean;
  readonly #explained: string[] = [];

  constructor({ products, portkey }: Programs, isProfiled: boolean) {
    this.#ofThisServer = products[0].title;
    this.#columns = [...products.map(({ title }) => title), ...Object.values(TITLES)];
    this.#isProfiled = isProfiled;
    if (!canPin) this.results.print("There is no taskset here: nothing has a core of its own.", "");
    if (!portkey) this.results.print(`${TITLES.portkey} was not measured: it could not be fetched.`, "");
    this.results.print(
      `| what | to reach | ${this.#columns.join(" | ")} |`,
      `|---|---|${this.#columns.map(() => "--:|").join("")}`,
    );
  }

  /** Prints a row. @param show formats a figure @returns true if this server misses the bar */
  row(what: string, figures: Figures, { bar, show = fixed(0) }: RowOptions = {}): boolean {
    const figure = figures.get(this.#ofThisServer) ?? Number.NaN;
    const isMissed = bar !== undefined && !(figure <= bar.max);
    const cells = this.#columns.map((column) => {
      const value = figures.get(column);
      return value === undefined || Number.isNaN(value) ? "–" : show(value, column);
    });
    this.results.print(
      `| ${what} | ${bar?.text ?? ""}${isMissed ? ", missed" : ""} | ${cells.join(" | ")} |`,
    );
    return isMissed;
  }

  /** Notes where this server's CPU goes while `work` runs, if it is asked for and the bar is missed. */
  async explainCpu(isMissed: boolean, what: string, program: PinnedProgram, work: () => Promise<unknown>) {
    if (isMissed && this.#isProfiled) this.explain(what, topPlaces(await profileCpu(program, work)));
  }

  get isProfiled(): boolean {
    return this.#isProfiled;
  }

  explain(what: string, places: readonly string[]): void {
    this.#explained.push(`| ${what} | ${places.join(", ")} |`);
  }

  /** Prints what explains the misses. */
  end(): void {
    if (this.#explained.length === 0) return;
    this.results.print(
      "",
      "| what missed its bar | where its CPU or memory goes, by a profile of the row |",
      "|---|---|",
    );
    this.results.print(...this.#explained);
  }
}

interface RowOptions {
  readonly bar?: Bar;
  readonly show?: (value: number, column: string) => string;
}

export const fixed =
  (digits: number) =>
  (value: number): string =>
    value.toFixed(digits);
