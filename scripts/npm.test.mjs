import { expect, test } from "vitest";
import { explainNpm } from "./npm.mjs";

const explain = (/** @type {string} */ output) =>
  explainNpm({ output, problem: "ended with code 1" }, "The packages", "/clone");

test.each([
  ["npm error code ECONNREFUSED\nnpm error syscall connect", "cannot be reached (ECONNREFUSED)"],
  ["npm ERR! code ENOTFOUND", "cannot be reached (ENOTFOUND)"],
  ["npm error code SELF_SIGNED_CERT_IN_CHAIN", "cannot be reached (SELF_SIGNED_CERT_IN_CHAIN)"],
  ["npm error code E407", "a proxy refused it (E407)"],
  ["npm error code ENOSPC\nnpm error nospc no space left", "The disk is full (/clone)"],
  [
    "npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left on device, write\nnpm error code ENOENT",
    "The disk is full (/clone)",
  ],
  [
    "npm warn tar TAR_ENTRY_ERROR EIO: i/o error, write",
    "It says: tar TAR_ENTRY_ERROR EIO: i/o error, write",
  ],
  ["npm error code EACCES", "may not write to /clone"],
  ["npm error code EINTEGRITY", "arrived damaged"],
  ["npm error code EUSAGE\nnpm error not in sync", "npm ended with code 1. It says: code EUSAGE not in sync"],
  ["", "npm ended with code 1."],
])("%j", (output, message) => {
  expect(explain(output)).toContain(message);
});
