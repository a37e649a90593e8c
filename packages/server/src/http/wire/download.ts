import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";

interface Download {
  readonly name: string;
  readonly type: string;
  /** Read as fast as the client takes it. If it fails in the middle, the connection is closed. */
  readonly content: AsyncIterable<string>;
}

/** Sends a file as a download. */
export function sendDownload(reply: FastifyReply, { name, type, content }: Download): FastifyReply {
  const ascii = name.replace(/[^\x20-\x7e]/g, "_");
  return reply
    .type(type)
    .header(
      "content-disposition",
      `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(name)}`,
    )
    .send(Readable.from(content));
}

/**
 * Turns a title into a part of a file's name: letters, marks and digits of any script. The result cannot be a path or an
 * option, and cannot change the direction of writing.
 */
export const toFileName = (text: string): string =>
  [...text.replace(/[^\p{L}\p{M}\p{N}._-]/gu, "_")].slice(0, 60).join("");
