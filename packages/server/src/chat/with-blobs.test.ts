import { expect, test } from "vitest";
import { blobLoader } from "./with-blobs.ts";

const MIB = 1024 * 1024;

/** Sessions in which each blob has so many bytes, and the ids of those whose data were read. */
function sessionsWith(bytes: number) {
  const read: string[] = [];
  const blob = async (_: string, id: string) => ({
    id,
    mediaType: "application/pdf",
    bytes,
    async *data() {
      read.push(id);
      yield Buffer.from(id);
    },
  });
  return { blob, read };
}

test("a blob that a request has many times is read once", async () => {
  const sessions = sessionsWith(MIB);
  const load = blobLoader(sessions);
  const urls = await Promise.all(Array.from({ length: 50 }, () => load("s", "a")));
  expect(new Set(urls)).toEqual(new Set([`data:application/pdf;base64,${btoa("a")}`]));
  expect(sessions.read).toEqual(["a"]);
});

test.each([
  ["many blobs", (n: number) => `blob-${n}`],
  ["one blob many times", () => "blob"],
])("%s are refused where a request has more than 50 MiB of them", async (_, idOf) => {
  const sessions = sessionsWith(20 * MIB);
  const load = blobLoader(sessions);
  const results = await Promise.allSettled(Array.from({ length: 100 }, (_, n) => load("s", idOf(n))));
  const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  expect(refused).toHaveLength(98);
  expect(refused[0]).toMatchObject({
    code: "body_too_large",
    message: expect.stringContaining("more than 50 MiB"),
  });
  expect(sessions.read.length).toBeLessThanOrEqual(2);
});
