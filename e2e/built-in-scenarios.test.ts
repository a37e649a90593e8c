import type { ProvidersResponse } from "@redis-memory-magic/protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

// The model is fetched once for a machine, half a gigabyte.
const FETCHED_WITHIN_MS = 15 * 60_000;

let stack: Stack;
let unavailable: string | undefined;

beforeAll(async () => {
  stack = await startStack({
    EMBEDDED_MODEL: "",
    OPENAI_API_KEY: "",
    OLLAMA_BASE_URL: "http://127.0.0.1:9/v1",
  });
  unavailable = await fetched();
}, FETCHED_WITHIN_MS + 60_000);
afterAll(() => stack.stop());
beforeEach((context) => {
  if (unavailable !== undefined) context.skip(`the built-in model cannot be had here: ${unavailable}`);
});

/** Waits for the model to be there. Returns why it will not be. */
async function fetched(): Promise<string | undefined> {
  const until = performance.now() + FETCHED_WITHIN_MS;
  for (;;) {
    const { providers } = (await (await fetch(`${stack.api}/providers`)).json()) as ProvidersResponse;
    const builtIn = providers.find(({ id }) => id === "embedded");
    if (builtIn?.available) return undefined;
    const coming =
      builtIn?.progress !== undefined || /when that is done|first sent/.test(builtIn?.action ?? "");
    if (!coming || performance.now() > until) return builtIn?.reason ?? "it is not part of this server";
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

const open = async () => {
  const chat = new ChatPage(await stack.open());
  await chat.provider(/^Built-in/);
  return chat;
};

describe("the four scenarios, with a real model", () => {
  test("1. does not know the name with memory off", async () => {
    const chat = await open();
    await chat.memory("Stateless");
    await chat.say("My name is Alice");
    expect(await chat.say("What's my name?")).not.toContain("Alice");
  });

  test("2. knows the name with memory on", async () => {
    const chat = await open();
    await chat.memory("Stateful");
    await chat.say("My name is Bob");
    expect(await chat.say("What's my name?")).toContain("Bob");
  });

  test("3. keeps the history when the provider changes", async () => {
    const chat = await open();
    await chat.memory("Stateful");
    await chat.provider(/^Mirror/);
    await chat.say("My name is Bob");
    await chat.provider(/^Built-in/);
    expect(await chat.say("What's my name?")).toContain("Bob");
  });

  test("4. knows what was said with memory off once it is on", async () => {
    const chat = await open();
    await chat.memory("Stateless");
    await chat.say("I love pizza");
    await chat.memory("Stateful");
    expect((await chat.say("What food do I like?")).toLowerCase()).toContain("pizza");
  });
});

describe("a conversation of 300 messages, with a real model", () => {
  const TOWNS = ["Oslo", "Lima", "Cairo", "Delhi", "Quito", "Riga", "Porto", "Kyoto", "Dakar", "Tunis"];

  /** Opens a conversation in which the name was told 250 messages ago. */
  async function openLong(id: string): Promise<ChatPage> {
    const messages = Array.from({ length: 150 }, (_, n) =>
      n === 25
        ? [
            { role: "user", content: "My name is Bob." },
            { role: "assistant", content: "Nice to meet you, Bob!" },
          ]
        : [
            { role: "user", content: `Is it warm in ${TOWNS[n % TOWNS.length]} in week ${n + 1}?` },
            { role: "assistant", content: "It depends on the year. Take a jacket with you." },
          ],
    ).flat();
    await stack.send("POST", `/sessions/${id}/messages`, { messages });
    await stack.send("PATCH", `/sessions/${id}/settings`, {
      ...{ mode: "stateful", provider: "embedded", context_tokens: 1024 },
      ...{ temperature: 0, max_output_tokens: 60 },
    });
    const chat = new ChatPage(await stack.open({ viewport: { width: 1440, height: 900 } }));
    await chat.page.waitForURL(/#\/s\//);
    await chat.page.goto(`${stack.url}/#/s/${id}`);
    await expect(chat.answers.last()).toBeVisible();
    return chat;
  }

  /** The list shows a few of so many messages, so that the answers cannot be counted as `ChatPage.say` does. */
  async function ask(chat: ChatPage, message: string): Promise<string> {
    const stop = chat.page.getByRole("button", { name: "Stop" });
    await chat.page.getByRole("textbox", { name: "Message" }).fill(message);
    await chat.page.getByRole("button", { name: "Send" }).click();
    await expect(stop).toBeVisible();
    await expect(stop).toBeHidden({ timeout: 180_000 });
    return chat.answers.last().innerText();
  }

  test("knows a name that was told 250 messages ago, and X-ray shows why", async () => {
    const chat = await openLong("long-with-recall");
    expect(await ask(chat, "What is my name?")).toContain("Bob");
    await chat.page
      .getByRole("button", { name: /^X-ray: / })
      .last()
      .click();
    const found = chat.page.getByRole("region", { name: "Recalled" });
    await expect(found.getByText("My name is Bob.")).toBeVisible();
    await expect(found.getByText(/Has .*“name”/)).toBeVisible();
  });

  test("does not know it with recall switched off", async () => {
    const chat = await openLong("long-without-recall");
    await chat.page.getByRole("checkbox", { name: "Recall" }).uncheck();
    expect(await ask(chat, "What is my name?")).not.toContain("Bob");
  });
});
