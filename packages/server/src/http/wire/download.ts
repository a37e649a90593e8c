import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";

// A reader that takes nothing for so long is gone, whatever its connection says.
const STALLED_MS = 60_000;

interface Download {
  readonly name: string;
  readonly type: string;
  /** Read as fast as the reader takes it. When it fails in the middle, the connection is cut. */
  readonly content: AsyncIterable<string>;
}

/** Sends a file to be kept. */
export function sendDownload(reply: FastifyReply, { name, type, content }: Download): FastifyReply {
  const ascii = name.replace(/[^\x20-\x7e]/g, "_");
  reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy());
  return reply
    .type(type)
    .header(
      "content-disposition",
      `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(name)}`,
    )
    .send(Readable.from(content));
}

/**
 * What somebody called something, as a part of a file's name: letters, marks and digits of any script, so that it
 * is no path, no option and no trick with the direction of writing on any system.
 */
export const toFileName = (text: string): string =>
  [...text.replace(/[^\p{L}\p{M}\p{N}._-]/gu, "_")].slice(0, 60).join("");
