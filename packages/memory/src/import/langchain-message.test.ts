import { expect, test } from "vitest";
import { toMessage } from "./langchain-message.ts";

test.each(["customer", "constructor"])("a chat message of the role %s is the user's", (role) => {
  expect(toMessage({ type: "chat", data: { role, content: "Hi" } })).toEqual({
    role: "user",
    content: "Hi",
    metadata: { langchain: { role } },
  });
  expect(toMessage({ type: role, data: { content: "Hi" } })).toBeUndefined();
});
