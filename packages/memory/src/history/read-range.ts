import { clearedWhileRead } from "../errors.ts";
import type { Reply, RunScript } from "../redis/script-runner.ts";
import { RANGE } from "../scripts/history.ts";

// Entries read by one script.
const PAGE = 500;

/** Items as they are stored: index, record, index, record, … */
interface RangePage {
  readonly epoch: string;
  readonly entries: readonly Reply[number][];
}

/**
 * Reads the items from one index up to another, `to` excluded, page by page.
 * @throws MemoryError `unknown_session` when the session is cleared or expires meanwhile
 */
export async function* readRange(
  run: RunScript,
  from = 0,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<RangePage, void, void> {
  let known: string | undefined;
  for (let next = from; next >= 0 && next < to; ) {
    const args = [String(next), String(Math.min(PAGE, to - next))];
    const [, , epoch, following, ...entries] = await run(RANGE, args);
    known ??= String(epoch);
    if (epoch !== known) throw clearedWhileRead();
    yield { epoch: known, entries };
    next = Number(following);
  }
}
