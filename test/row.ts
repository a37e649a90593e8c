import type { TestContext } from "vitest";

/** What a test measured: the cells of its line in the suite's table, by column. */
export type Row = Readonly<Record<string, string | number>>;

declare module "vitest" {
  interface TaskMeta {
    row?: Row;
  }
}

/** Hands a test's row to the table reporter. */
export function recordRow({ task }: Pick<TestContext, "task">, row: Row): void {
  task.meta.row = row;
}
