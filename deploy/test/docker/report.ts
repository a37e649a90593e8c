interface Row {
  readonly chapter: string;
  readonly what: string;
  readonly seen: string;
  readonly passed: boolean;
  readonly seconds: number;
}

/** Runs checks one after the other, says each as it ends, and makes the table of all. */
export class Report {
  readonly #rows: Row[] = [];
  #chapter = "";

  chapter(name: string): void {
    this.#chapter = name;
    console.log(`\n${name}`);
  }

  /** @param look resolves with what was seen, in a few words; rejects when it is not as it should be */
  async check(what: string, look: () => Promise<string>): Promise<void> {
    const started = performance.now();
    let seen: string;
    let passed = true;
    try {
      seen = await look();
    } catch (error) {
      seen = error instanceof Error ? error.message : String(error);
      passed = false;
    }
    const seconds = (performance.now() - started) / 1000;
    this.#rows.push({ chapter: this.#chapter, what, seen, passed, seconds });
    console.log(`  ${passed ? "ok    " : "FAILED"} ${what}: ${seen} (${seconds.toFixed(1)} s)`);
  }

  get failed(): number {
    return this.#rows.filter((row) => !row.passed).length;
  }

  /** The table, as Markdown. */
  table(): string {
    const lines = this.#rows.map(({ chapter, what, seen, passed, seconds }) =>
      [chapter, cell(what), passed ? cell(seen) : `**failed**: ${cell(seen)}`, seconds.toFixed(1)].join(
        " | ",
      ),
    );
    return ["| | what | seen | s |", "|---|---|---|--:|", ...lines.map((line) => `| ${line} |`)].join("\n");
  }

  summary(): string {
    return `${this.#rows.length - this.failed} passed, ${this.failed} failed`;
  }
}

const cell = (text: string): string => text.replace(/\s+/g, " ").replaceAll("|", "\\|").slice(0, 160);
