import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { fromBase64, toBase64 } from "./bytes.ts";
import { plainSha1, plainSha256, sha1, sha256 } from "./hash.ts";

test("the hashes are those of Node.js, at every length around a block", () => {
  for (let length = 0; length < 200; length++) {
    const text = `${"é".repeat(length)}${"x".repeat(length % 7)}`;
    const expected = createHash("sha1").update(text).digest("hex");
    expect([plainSha1(text), sha1(text)]).toEqual([expected, expected]);
    const bytes = new TextEncoder().encode(text);
    for (const hash of [plainSha256(), sha256()]) {
      hash.update(bytes.subarray(0, length));
      hash.update(bytes.subarray(length));
      expect(toBase64(hash.digest())).toBe(createHash("sha256").update(bytes).digest("base64"));
    }
  }
});

test("bytes come back from Base64", () => {
  const bytes = new Uint8Array(20_000).map((_, n) => (n * 7) % 256);
  expect(fromBase64(toBase64(bytes))).toEqual(bytes);
});
