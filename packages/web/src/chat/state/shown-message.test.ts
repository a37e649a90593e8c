import type { Message } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { connectionError } from "../../api/api-error.ts";
import type { MessagePage, PageMessage } from "./message-page.ts";
import { mergeNewest, messageOnItsWay, prependPage, shownMessage } from "./shown-message.ts";

function stored(id: string, role: Message["role"] = "user", turnId?: string): PageMessage {
  const turn = turnId && {
    id: turnId,
    mode: "stateful",
    provider: "mirror",
    model: "m",
    status: "completed",
  };
  return {
    id,
    role,
    content: `content of ${id}`,
    reasoning: "",
    calls: [],
    created_at: "2026-01-01T00:00:00.000Z",
    ...(turn && { turn }),
  } as PageMessage;
}
const page = (messages: PageMessage[], next_before: string | null = null): MessagePage => ({
  messages,
  next_before,
});
const nothing = { messages: [], olderBefore: null };
const ids = (messages: readonly { id: string | null }[]) => messages.map(({ id }) => id);

test("turns a page into rows keyed by id", () => {
  const { messages, olderBefore } = mergeNewest(nothing, page([stored("1"), stored("2")], "1"));
  expect(messages.map(({ key }) => key)).toEqual(["1", "2"]);
  expect(olderBefore).toBe("1");
});

test("keeps a message's row when it gets its id", () => {
  const turn = stored("x", "user", "t1").turn;
  const sent = { ...messageOnItsWay("own-key", "Hi"), turn, delivery: "stored" as const };
  const { messages } = mergeNewest(
    { messages: [sent], olderBefore: null },
    page([stored("1", "user", "t1")]),
  );
  expect(messages).toHaveLength(1);
  expect(messages[0]).toMatchObject({ key: "own-key", id: "1" });
});

test("keeps the turn of a retry that has no answer, until another one has", () => {
  const known = { ...shownMessage(stored("1", "user", "t1"), "1"), turn: stored("x", "user", "t2").turn };
  const turnIds = (...messages: PageMessage[]) =>
    mergeNewest({ messages: [known], olderBefore: null }, page(messages)).messages.map(
      ({ turn }) => turn?.id,
    );
  expect(turnIds(stored("1", "user", "t1"))).toEqual(["t2"]);
  expect(turnIds(stored("1", "user", "t3"), stored("2", "assistant", "t3"))).toEqual(["t3", "t3"]);
});

test("keeps older rows that are adjacent to the page, with their cursor", () => {
  const old = ["1", "2", "3"].map((id) => shownMessage(stored(id), id));
  const merged = mergeNewest({ messages: old, olderBefore: "1" }, page([stored("3"), stored("4")], "3"));
  expect(ids(merged.messages)).toEqual(["1", "2", "3", "4"]);
  expect(merged.olderBefore).toBe("1");
});

test("drops rows that are not adjacent to the page", () => {
  const old = ["1", "2"].map((id) => shownMessage(stored(id), id));
  const merged = mergeNewest({ messages: old, olderBefore: null }, page([stored("8"), stored("9")], "8"));
  expect(ids(merged.messages)).toEqual(["8", "9"]);
  expect(merged.olderBefore).toBe("8");
});

test("keeps messages that Redis does not have at the end", () => {
  const refusal = {
    error: connectionError("offline"),
    choice: { mode: "stateful", provider: "mirror" } as const,
  };
  const refused = { ...messageOnItsWay("r", "Lost"), delivery: "refused" as const, refusal };
  const { messages } = mergeNewest({ messages: [refused], olderBefore: null }, page([stored("1")]));
  expect(messages.map(({ key }) => key)).toEqual(["1", "r"]);
});

test("marks messages as gone that Redis no longer has", () => {
  const old = ["1", "2"].map((id) => shownMessage(stored(id), id));
  const merged = mergeNewest({ messages: old, olderBefore: "1" }, page([]));
  expect(merged.messages.map(({ delivery }) => delivery)).toEqual(["gone", "gone"]);
  expect(merged.olderBefore).toBeNull();
});

test("keeps gone messages before those of a session that was started again", () => {
  const old = ["0a0a0a0a-0", "0a0a0a0a-1"].map((id) => shownMessage(stored(id), id));
  const again = [stored("0b0b0b0b-0"), stored("0b0b0b0b-1")];
  const once = mergeNewest({ messages: old, olderBefore: null }, page(again));
  const twice = mergeNewest(once, page([...again, stored("0b0b0b0b-2")]));
  expect(twice.messages.map(({ delivery }) => delivery)).toEqual([
    "gone",
    "gone",
    "stored",
    "stored",
    "stored",
  ]);
});

test("puts an older page first, without duplicates", () => {
  const shown = [shownMessage(stored("3"), "3")];
  expect(ids(prependPage(shown, page([stored("1"), stored("2"), stored("3")])))).toEqual(["1", "2", "3"]);
});
