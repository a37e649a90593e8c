import { expect, test } from "vitest";
import { asCurl } from "./as-curl.ts";

const request = {
  method: "POST",
  url: "https://api.openai.com/v1/responses",
  body: { input: "What's my $NAME? `id`" },
};

test("names the key's variable and contains no key", () => {
  expect(asCurl(request, "chatgpt")).toContain('-H "Authorization: Bearer $OPENAI_API_KEY"');
  expect(asCurl(request, "embedded")).not.toContain("Authorization");
});

test("quotes a message for the shell", () => {
  const command = asCurl(request, "chatgpt");
  // As a POSIX shell reads it: '\'' is one quote, everything else between quotes is literal.
  const body = /-d '([\s\S]*)'$/.exec(command)?.[1]?.replaceAll(`'\\''`, "'");
  expect(JSON.parse(body ?? "")).toEqual(request.body);
  expect(command.replaceAll(`'\\''`, "").split("'").length % 2).toBe(1);
});
