import { expect, test } from "vitest";
import { explain, Failure } from "./failure.mjs";

/** @param {string} code @param {string} [path] */
const systemError = (code, path) =>
  Object.assign(new Error(`${code}: failed`), { code, path, syscall: "mkdir" });

test.each([
  [new Failure("What happened. What to do."), "What happened. What to do."],
  [systemError("ENOSPC", "/clone/.data"), "The disk is full (/clone/.data). Free about 1 GB"],
  [systemError("ENOSPC"), "The disk is full. Free about 1 GB"],
  [
    systemError("EACCES", "/clone/.data"),
    "/clone/.data may not be written or read (EACCES). Correct its owner",
  ],
  [
    systemError("EROFS", "/clone/.data"),
    "/clone/.data cannot be written: the file system there is read-only.",
  ],
  // Node.js' recursive mkdir on a read-only file system.
  [systemError("ENOENT", "/clone/.runtime"), "/clone/.runtime cannot be written"],
  [new TypeError("x is not a function"), "Something unexpected happened: x is not a function."],
  ["a string", "Something unexpected happened: a string."],
])("%s", (error, sentence) => {
  expect(explain(error)).toContain(sentence);
  expect(explain(error)).not.toMatch(/^\s+at /m);
});
