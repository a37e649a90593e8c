import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Connection,
  connectIoRedis,
  connectNodeRedis,
  removeKeys,
  uniqueName,
} from "../../test/redis.ts";
import { type Message, MessageHistory, type NewMessage, type Role } from "../index.ts";
import { ROLES } from "./item.ts";

const CLIENTS = 3;
const LIMIT_MS = 4_000;
const TTL_SECONDS = 3600;

let connections: Connection[];
beforeAll(async () => {
  connections = await Promise.all([connectNodeRedis(), connectIoRedis(), connectNodeRedis()]);
});
afterAll(() => Promise.all(connections.map((connection) => connection.close())));

/** Runs on fresh keys, through several clients. */
async function withHistories(run: (histories: MessageHistory[]) => Promise<void>): Promise<void> {
  const name = uniqueName();
  try {
    await run(connections.map(({ client }) => new MessageHistory({ client, name, ttlSeconds: TTL_SECONDS })));
  } finally {
    await removeKeys(connections[0] as Connection, name);
  }
}

/** What a history is, without Redis. */
class Model {
  messages: Message[] = [];
  title: string | null = null;
  ttl = TTL_SECONDS;

  get exists(): boolean {
    return this.messages.length > 0 || this.#wasUsed;
  }
  /** Dropping the last message leaves a session, an empty one. */
  #wasUsed = false;

  add(messages: Message[]): void {
    this.messages.push(...messages);
    this.#wasUsed = true;
  }

  has(id: string): boolean {
    return this.messages.some((message) => message.id === id);
  }

  drop(id: string | undefined): boolean {
    const at = id === undefined ? this.messages.length - 1 : this.messages.findIndex((m) => m.id === id);
    return at >= 0 && this.messages.splice(at, 1).length === 1;
  }

  clear(): boolean {
    const { exists } = this;
    Object.assign(this, { messages: [], title: null, ttl: TTL_SECONDS });
    this.#wasUsed = false;
    return exists;
  }

  /** The newest that `fits` takes, less the results at their beginning whose call stands just before the cut. */
  recent(role: readonly Role[] | undefined, before: string | undefined, fits: (kept: Message[]) => boolean) {
    const end = before === undefined ? this.messages.length : this.messages.findIndex((m) => m.id === before);
    const wanted = this.messages.slice(0, end).filter((m) => role === undefined || role.includes(m.role));
    let start = wanted.length;
    while (start > 0 && fits(wanted.slice(start - 1))) start--;
    const calls = wanted.slice(0, start).findLast((m) => m.role !== "tool")?.toolCalls ?? [];
    const recent = wanted.slice(start);
    const results = recent.findIndex((m) => m.role !== "tool");
    return recent.filter(
      ({ toolCallId }, n) => (results >= 0 && n >= results) || !calls.some(({ id }) => id === toolCallId),
    );
  }
}

const GIVEN_IDS = ["a", "b", "c|,{}", "d 🎉"];
const CALL_IDS = ["c1", "c2"];
const role = fc.constantFrom(...ROLES);
const newMessage: fc.Arbitrary<NewMessage> = fc
  .record(
    {
      role,
      content: fc.string({ unit: "grapheme", maxLength: 12 }),
      id: fc.constantFrom(...GIVEN_IDS),
      createdAt: fc.date({ noInvalidDate: true }),
      metadata: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<NonNullable<NewMessage["metadata"]>>,
      call: fc.constantFrom(...CALL_IDS),
    },
    { requiredKeys: ["role", "content"] },
  )
  .map(({ call, ...message }) => {
    if (call === undefined) return message;
    if (message.role === "tool") return { ...message, toolCallId: call };
    if (message.role === "assistant")
      return { ...message, toolCalls: [{ id: call, name: "f", arguments: "{}" }] };
    return message;
  })
  // JSON has one zero.
  .map((message) => JSON.parse(JSON.stringify(message), revive) as NewMessage);

const revive = (key: string, value: unknown) => (key === "createdAt" ? new Date(String(value)) : value);

/** A call and its results, as a cut may find them. */
const exchange: fc.Arbitrary<NewMessage[]> = fc
  .tuple(fc.constantFrom(...CALL_IDS), fc.integer({ min: 1, max: 3 }))
  .map(([id, results]) => [
    { role: "assistant", content: "", toolCalls: [{ id, name: "f", arguments: "{}" }] },
    ...Array.from({ length: results }, () => ({ role: "tool", content: "r", toolCallId: id }) as const),
  ]);

const batch: fc.Arbitrary<NewMessage[]> = fc
  .array(fc.oneof({ weight: 2, arbitrary: newMessage.map((message) => [message]) }, exchange), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => parts.flat());

const k = fc.nat({ max: 8 });
const roles = fc.option(fc.uniqueArray(role, { minLength: 1 }), { nil: undefined });
/** Which message: one of the caller's ids, or one that is there, by where it stands. */
const target = fc.oneof(fc.constantFrom(...GIVEN_IDS), fc.nat({ max: 20 }));
type Step = (history: MessageHistory, session: string, model: Model) => Promise<void>;

const idOf = (model: Model, which: string | number): string =>
  typeof which === "string" ? which : (model.messages[which]?.id ?? "unknown");

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: batch.map(adding) },
  {
    weight: 2,
    arbitrary: fc.option(target, { nil: undefined }).map(
      (which): Step =>
        async (history, session, model) => {
          const id = which === undefined ? undefined : idOf(model, which);
          expect(await history.drop(session, id)).toBe(model.drop(id));
        },
    ),
  },
  fc.constant<Step>(async (history, session, model) => {
    expect(await history.clear(session)).toBe(model.clear());
  }),
  fc.integer({ min: 1000, max: 100_000 }).map(
    (seconds): Step =>
      async (history, session, model) => {
        expect(await history.expire(session, seconds)).toBe(model.exists);
        if (model.exists) model.ttl = seconds;
      },
  ),
  fc.string({ unit: "grapheme", maxLength: 5 }).map(
    (title): Step =>
      async (history, session, model) => {
        expect(await history.rename(session, title)).toBe(model.exists);
        if (model.exists) model.title = title === "" ? null : title;
      },
  ),
  {
    weight: 3,
    arbitrary: fc.tuple(k, roles, fc.option(target, { nil: undefined })).map(recentByCount),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.nat({ max: 60 }), roles, fc.option(k, { nil: undefined })).map(recentByTokens),
  },
);

function adding(messages: NewMessage[]): Step {
  return async (history, session, model) => {
    const ids = messages.flatMap(({ id }) => id ?? []);
    const work = history.addMessages(session, messages);
    if (new Set(ids).size < ids.length || ids.some((id) => model.has(id))) {
      await expect(work).rejects.toMatchObject({ code: "duplicate_id" });
      return;
    }
    const added = await work;
    const before = model.messages.length;
    model.add(
      messages.map((message, n) => {
        const { id, createdAt } = added[n] as (typeof added)[number];
        if (message.id !== undefined) expect(id).toBe(message.id);
        if (message.createdAt !== undefined) expect(createdAt).toEqual(message.createdAt);
        return { ...message, id, createdAt };
      }),
    );
    expect(added.map(({ count }) => count)).toEqual(messages.map((_, n) => before + n + 1));
  };
}

function recentByCount([count, role, which]: [
  number,
  Role[] | undefined,
  string | number | undefined,
]): Step {
  return async (history, session, model) => {
    const before = which === undefined ? undefined : idOf(model, which);
    const work = history.getRecent(session, { k: count, ...(role && { role }), ...(before && { before }) });
    if (before !== undefined && !model.has(before)) {
      await expect(work).rejects.toMatchObject({ code: "unknown_message" });
      return;
    }
    expect(await work).toEqual(model.recent(role, before, (kept) => kept.length <= count));
  };
}

function recentByTokens([maxTokens, role, count]: [number, Role[] | undefined, number | undefined]): Step {
  return async (history, session, model) => {
    const countTokens = ({ content }: Message) => content.length + 4;
    const sum = (kept: Message[]) => kept.reduce((tokens, message) => tokens + countTokens(message), 0);
    const recent = await history.getRecent(session, {
      maxTokens,
      countTokens,
      ...(role && { role }),
      ...(count !== undefined && { k: count }),
    });
    const fits = (kept: Message[]) =>
      sum(kept) <= maxTokens && kept.length <= (count ?? Number.POSITIVE_INFINITY);
    expect(recent).toEqual(model.recent(role, undefined, fits));
  };
}

test("any operations, through any clients, do what they would do to a list", async () => {
  const plan = fc.tuple(fc.nat({ max: CLIENTS - 1 }), fc.constantFrom("s1", "s2"), step);
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 30 }), (steps) =>
      withHistories(async (histories) => {
        const models = new Map([
          ["s1", new Model()],
          ["s2", new Model()],
        ]);
        for (const [client, session, run] of steps) {
          await run(histories[client] as MessageHistory, session, models.get(session) as Model);
        }
        for (const [session, model] of models) {
          for (const history of histories) {
            expect(await Array.fromAsync(history.messages(session))).toEqual(model.messages);
          }
          const info = await histories[0]?.info(session);
          if (!model.exists) expect(info).toBeNull();
          else {
            const { title, ttl: ttlSeconds, messages } = model;
            expect(info).toMatchObject({ title, ttlSeconds, count: messages.length });
            expect(await histories[1]?.ttl(session)).toBeGreaterThan(ttlSeconds - 10);
          }
        }
      }),
    ),
    { numRuns: 200, interruptAfterTimeLimit: LIMIT_MS },
  );
});

test("batches and drops at the same time: every batch whole, in its writer's order, the same for all", async () => {
  const writer = fc.array(fc.record({ size: fc.integer({ min: 1, max: 5 }), drop: fc.boolean() }), {
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(writer, { minLength: CLIENTS, maxLength: CLIENTS }), (writers) =>
      withHistories(async (histories) => {
        const expected = await Promise.all(
          writers.map(async (batches, w) => {
            const history = histories[w] as MessageHistory;
            const kept: string[][] = [];
            for (const [b, { size, drop }] of batches.entries()) {
              const contents = Array.from({ length: size }, (_, n) => `${w}/${b}/${n}`);
              const added = await history.addMessages(
                "s",
                contents.map((content) => ({ role: "user", content })),
              );
              if (drop) expect(await history.drop("s", added[0]?.id)).toBe(true);
              kept.push(drop ? contents.slice(1) : contents);
            }
            return kept;
          }),
        );
        const [seen = [], ...others] = await Promise.all(
          histories.map(async (history) =>
            (await Array.fromAsync(history.messages("s"))).map(({ content }) => content),
          ),
        );
        for (const other of others) expect(other).toEqual(seen);
        expect(await histories[0]?.count("s")).toBe(seen.length);
        for (const [w, batches] of expected.entries()) {
          expect(seen.filter((content) => content.startsWith(`${w}/`))).toEqual(batches.flat());
          for (const batch of batches.filter(({ length }) => length > 0)) {
            const at = seen.indexOf(batch[0] as string);
            expect(seen.slice(at, at + batch.length)).toEqual(batch);
          }
        }
      }),
    ),
    { numRuns: 100, interruptAfterTimeLimit: LIMIT_MS },
  );
});
