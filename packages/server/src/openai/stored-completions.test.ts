import { expect, test } from "vitest";
import { watchCommands } from "../../test/watch-commands.ts";
import { startWithSdk } from "./sdk.fixture.ts";

const model = "mirror";

test("stored chat completions are listed, chosen, read, changed and deleted", async () => {
  const { openai, server } = await startWithSdk();
  const { completions } = openai.chat;
  const ask = (content: string, metadata = {}) =>
    completions.create({
      ...{ model, metadata, store: true },
      messages: [
        { role: "system", content: "Be brief" },
        { role: "user", content },
      ],
    });
  const made = [];
  for (const n of [0, 1, 2])
    made.push(await ask(`question ${n}`, { n: String(n), kind: n < 2 ? "low" : "high" }));
  await completions.create({ model, messages: [{ role: "user", content: "not stored" }] });
  await openai.responses.create({ model, input: "no completion" });
  const idsOf = async (query: object) => {
    const ids = [];
    for await (const { id } of completions.list({ limit: 2, ...query })) ids.push(id);
    return ids;
  };
  const all = made.map(({ id }) => id);
  expect(await idsOf({})).toEqual(all);
  expect(await idsOf({ order: "desc" })).toEqual(all.toReversed());
  expect(await idsOf({ metadata: { kind: "low" } })).toEqual(all.slice(0, 2));
  expect(await idsOf({ model: "another" })).toEqual([]);
  const [first] = made;
  const id = first?.id ?? "";
  const { choices, usage, created } = first ?? {};
  expect(await completions.retrieve(id)).toMatchObject({ id, choices, usage, created, metadata: { n: "0" } });
  expect(await completions.update(id, { metadata: { n: "9" } })).toMatchObject({ id, metadata: { n: "9" } });
  expect(await idsOf({ metadata: { n: "9" } })).toEqual([id]);
  const messages = await completions.messages.list(id);
  expect(messages.data).toMatchObject([
    { id: `${id}-0`, role: "system", content: "Be brief" },
    { id: `${id}-1`, role: "user", content: "question 0" },
  ]);
  expect((await completions.messages.list(id, { limit: 1, after: `${id}-0` })).data).toHaveLength(1);
  const keys = (await server.keys()).length;
  expect(await completions.delete(id)).toEqual({ id, object: "chat.completion.deleted", deleted: true });
  expect((await server.keys()).length).toBeLessThan(keys);
  expect(await idsOf({})).toEqual(all.slice(1));
  for (const gone of [id, "chatcmpl-x", all[1]?.replace(/.$/, "z") ?? ""]) {
    await expect(completions.retrieve(gone)).rejects.toMatchObject({ status: 404 });
    await expect(completions.messages.list(gone)).rejects.toMatchObject({ status: 404 });
    await expect(completions.update(gone, { metadata: {} })).rejects.toMatchObject({ status: 404 });
    await expect(completions.delete(gone)).rejects.toMatchObject({ status: 404 });
  }
  await expect(completions.list({ after: id })).rejects.toMatchObject({ status: 400 });
});

test("a page reads no more completions than it needs, and counts them", async () => {
  const { openai, server } = await startWithSdk();
  const { completions } = openai.chat;
  const ask = () => completions.create({ model, store: true, messages: [{ role: "user", content: "Hi" }] });
  const made = [];
  for (let n = 0; n < 6; n++) made.push((await ask()).id);
  const commandsOf = await watchCommands(server);
  const page = (query: { limit: number; after?: string }) => commandsOf(() => completions.list(query));
  const [all, whole] = await page({ limit: 6 });
  expect(all.data.map(({ id }) => id)).toEqual(made);
  expect(all.hasNextPage()).toBe(false);
  const [first, short] = await page({ limit: 1 });
  expect(first.data.map(({ id }) => id)).toEqual(made.slice(0, 1));
  expect(first.hasNextPage()).toBe(true);
  expect(short.length).toBeLessThan(whole.length);
  const [last, behind] = await page({ limit: 6, after: made[4] ?? "" });
  expect(last.data.map(({ id }) => id)).toEqual(made.slice(5));
  expect(behind.length).toBeLessThan(whole.length);
});
