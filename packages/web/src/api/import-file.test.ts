import { expect, test } from "vitest";
import { errorOf } from "./api-error.ts";
import { importFile } from "./import-file.ts";

const file = (text: string) => new File([text], "a.json");

/** The answer to a body in which a field is not valid. */
const refusal = () => {
  const problem = {
    code: "invalid_request",
    detail: "messages: must be an array",
    errors: [{ field: "messages", message: "must be an array" }],
  };
  const headers = { "content-type": "application/problem+json" };
  return errorOf(new Response(JSON.stringify(problem), { status: 400, headers }));
};

test("sends what the file has", async () => {
  expect(await importFile(file('{"a":1}'), async (content) => content)).toEqual({ a: 1 });
});

test("names a file that is not JSON, or of another kind, and why, once", async () => {
  const refuse = async () => {
    throw await refusal();
  };
  const beginning = "a.json is not a file that was exported here:";
  await expect(importFile(file("{"), refuse)).rejects.toThrow(`${beginning} it is not valid JSON.`);
  await expect(importFile(file("{}"), refuse)).rejects.toThrow(
    expect.objectContaining({ message: `${beginning} messages: must be an array` }),
  );
});
