import { expect, test } from "vitest";
import { shell } from "./shell.ts";

test("gives a command its input, and its end", async () => {
  const { code, output } = await shell("cat; echo done", { env: process.env, input: "a\nb\n" });
  expect({ code, output }).toEqual({ code: 0, output: "a\nb\ndone" });
});
