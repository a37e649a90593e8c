import type { Session } from "@redis-memory-magic/protocol";
import { afterEach, expect, test, vi } from "vitest";
import { SessionList } from "./session-list.ts";

afterEach(() => vi.unstubAllGlobals());

const listOf = (...ids: string[]) => pageOf(null, ...ids);
const pageOf = (next_cursor: string | null, ...ids: string[]) =>
  Response.json({
    sessions: ids.map((id) => ({ id, updated_at: "2026-01-01" }) as Session),
    next_cursor,
  });

/** Answers requests for the list in the order in which the test says. */
function answerLater() {
  const asked: ((response: Response) => void)[] = [];
  vi.stubGlobal("fetch", async (_: string, { method }: RequestInit) => {
    if (method === "DELETE") return new Response(null, { status: 204 });
    const { promise, resolve } = Promise.withResolvers<Response>();
    asked.push(resolve);
    return promise;
  });
  return asked;
}

async function loadFirst(page: Response) {
  const asked = answerLater();
  const list = new SessionList();
  const first = list.refresh(null);
  asked[0]?.(page);
  await first;
  return { asked, list };
}

const ids = ({ store }: SessionList) => store.get().sessions.map(({ id }) => id);

test("shows the newest list, also if an older one arrives after it", async () => {
  const asked = answerLater();
  const list = new SessionList();
  const refreshes = [list.refresh(null), list.refresh(null)];
  asked[1]?.(listOf("a", "b"));
  asked[0]?.(listOf("a"));
  await Promise.all(refreshes);
  expect(ids(list)).toEqual(["a", "b"]);
});

test("does not show a session again that was deleted while the list was on its way", async () => {
  const { asked, list } = await loadFirst(listOf("a", "b"));
  const second = list.refresh(null);
  await list.removeAll(["b"]);
  asked[1]?.(listOf("a", "b"));
  await second;
  expect(ids(list)).toEqual(["a"]);
});

test("keeps sessions of later pages that were used in the same millisecond as the last one of the first", async () => {
  const { asked, list } = await loadFirst(pageOf("cursor", "a", "b"));
  const more = list.loadMore();
  asked[1]?.(listOf("c"));
  await more;
  const second = list.refresh(null);
  asked[2]?.(pageOf("cursor", "a", "b"));
  await second;
  expect(ids(list)).toEqual(["a", "b", "c"]);
});

test("shows a session once that has moved to the first page while a later one was on its way", async () => {
  const { asked, list } = await loadFirst(pageOf("cursor", "a", "b"));
  const more = list.loadMore();
  const second = list.refresh(null);
  asked[2]?.(pageOf("cursor", "c", "a", "b"));
  await second;
  asked[1]?.(listOf("c"));
  await more;
  expect(ids(list)).toEqual(["c", "a", "b"]);
});
