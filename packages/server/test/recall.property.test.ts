import { MessageHistory, SessionArchive, Turns } from "@redis-memory-magic/memory";
import { type ContextReport, MEMORY_STRATEGIES } from "@redis-memory-magic/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { stopDeadlines } from "./stop-deadlines.ts";
import { startTestServer } from "./test-server.ts";

const WORDS = ["apple", "berry", "cedar", "delta"];
const FILLER = "and so on ".repeat(2);

const at = fc.nat({ max: 20 });
const word = fc.constantFrom(...WORDS);
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("append" as const), word }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("ask" as const),
      word,
      memory: fc.constantFrom(...MEMORY_STRATEGIES),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("drop" as const, "update" as const, "replace" as const),
      at,
      word,
    }),
  },
  {
    arbitrary: fc.record({ kind: fc.constantFrom("fork" as const, "kill" as const, "retry" as const), word }),
    weight: 2,
  },
);

test("whatever is done to a session, a context has only what is in it, once, and fits", async () => {
  const server = await startTestServer();
  stopDeadlines();
  const options = { client: server.redis.client, name: server.name };
  const history = new MessageHistory({ ...options, recall: true });
  // A process of an earlier version, which stores no terms.
  const plain = new MessageHistory(options);
  const turns = new Turns({ ...options, recall: true });
  const archive = new SessionArchive(options);
  let marks = 0;
  let sessions = 0;
  let recalled = 0;
  let listed = 0;

  const check = async (
    operations: readonly (typeof operation extends fc.Arbitrary<infer T> ? T : never)[],
  ) => {
    let session = `s${sessions++}`;
    const text = (of: string) => `${of} mark${marks++}. ${FILLER}`;
    for (let n = 0; n < 14; n++) await history.store(session, text(WORDS[n % 4] ?? ""), text("noted"));
    for (const op of operations) {
      const items = await Array.fromAsync(plain.items(session));
      const item = "at" in op ? items[op.at % Math.max(1, items.length)] : undefined;
      if (op.kind === "append")
        await (marks % 2 ? history : plain).store(session, text(op.word), text("noted"));
      else if (op.kind === "drop" && item) await history.drop(session, item.id);
      else if (op.kind === "update" && item)
        await plain.updateMessage(session, item.id, { content: text(op.word) });
      else if (op.kind === "replace" && item)
        await history.replaceFrom(session, item.id, [{ role: "user", content: text(op.word) }]);
      else if (op.kind === "fork") {
        const fork = `s${sessions++}`;
        await archive.fork(session, fork);
        session = fork;
      } else if (op.kind === "kill" || op.kind === "retry") {
        const begun = await turns.begin(session, { content: text(op.word) });
        if (begun.kind !== "begun") throw new Error(begun.kind);
        begun.writer.write(text("half"));
        if (op.kind === "kill") await turns.cancel(session, begun.writer.id);
        await begun.writer.end("failed");
        if (op.kind === "retry") {
          const again = await turns.begin(session, { retryOf: begun.writer.id });
          if (again.kind !== "begun") throw new Error(again.kind);
          again.writer.write(text("whole"));
          await again.writer.end("completed");
        }
      } else if (op.kind === "ask") {
        const body = { message: op.word, mode: "stateful", provider: "mirror", session_id: session };
        const more = { context_tokens: 500, system: "", memory: op.memory };
        const answer = await server.inject("POST", "/context-preview", { ...body, ...more });
        expect(answer.statusCode, answer.body).toBe(200);
        const report: ContextReport = answer.json();
        const there = await Array.fromAsync(plain.items(session));
        const known = new Set(there.flatMap(({ content }) => content.match(/mark\d+/) ?? []));
        const sent = report.messages.flatMap(({ content }) => content.match(/mark\d+/g) ?? []);
        expect(sent.filter((mark) => !known.has(mark))).toEqual([]);
        const summary = report.parts.find((part) => part.kind === "summary");
        const entries = summary?.entries ?? [];
        // A turn that is listed can be quoted too.
        const own = sent.slice(entries.length);
        expect(new Set(own).size).toBe(own.length);
        expect(report.tokens.counted).toBeLessThanOrEqual(report.budget);
        const counted = report.parts.reduce((sum, { tokens }) => sum + tokens, 0);
        expect(counted).toBe(report.tokens.counted);
        const ids = report.parts.flatMap(({ message_ids }) => message_ids);
        expect(ids.filter((id) => !there.some((one) => one.id === id))).toEqual([]);
        recalled += report.parts.filter(({ kind, tokens }) => kind === "recall" && tokens > 0).length;
        listed += entries.length;
        // The table of contents lists what is before the window at this moment, and nothing else.
        const inWindow = report.parts.find(({ kind }) => kind === "window")?.message_ids[0];
        const end = inWindow === undefined ? there.length : there.findIndex(({ id }) => id === inWindow);
        const outside = there.slice(0, end).filter(({ role }) => role === "user");
        expect(entries.map(({ message_id }) => message_id)).toEqual(
          outside.slice(outside.length - entries.length).map(({ id }) => id),
        );
        for (const { message_id, text } of entries) {
          const content = there.find(({ id }) => id === message_id)?.content;
          expect(content?.startsWith(text.replace(/…$/, ""))).toBe(true);
        }
      }
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(operation, { minLength: 2, maxLength: 10 }), check), {
    numRuns: Number(process.env.CONTEXT_SEQUENCES ?? 60),
  });
  // Otherwise it would have tested nothing.
  expect(recalled).toBeGreaterThan(0);
  expect(listed).toBeGreaterThan(0);
}, 300_000);
