import { test } from "vitest";
import { recordRow } from "../../../test/row.ts";

/** A test that has a row in the table. `look` resolves with what was seen, in a few words. */
export function check(what: string, look: () => Promise<string>): void {
  test(what, async (context) => recordRow(context, { seen: await look() }));
}
