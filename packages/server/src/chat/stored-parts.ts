import type { Json } from "@redis-memory-magic/memory";
import { isBlobId } from "@redis-memory-magic/memory/internal";
import { type Fields, isFields } from "../fields.ts";
import type { ContentPart } from "./context-item.ts";

/** What begins the address of a blob of the session. */
export const BLOB = "blob:";

/**
 * Reads an item's parts: those of the Responses API, in which this server stores them, and those of Chat Completions.
 * Undefined where text is all, which `content` has. What is not known is counted in `unknown`.
 */
export function readParts(
  stored: unknown,
): { readonly parts: readonly ContentPart[]; readonly unknown: number } | undefined {
  if (!Array.isArray(stored)) return undefined;
  const parts = stored.map((part) => readPart(part as Json));
  if (parts.every((part) => part?.type === "text")) return undefined;
  const known = parts.filter((part) => part !== undefined);
  return { parts: known, unknown: parts.length - known.length };
}

function readPart(part: Json): ContentPart | undefined {
  if (!isFields<Json>(part)) return undefined;
  switch (part.type) {
    case "text":
    case "input_text":
    case "output_text":
    case "refusal":
      return textPart(part.refusal ?? part.text);
    case "input_image":
      return imagePart(part, part.image_url);
    case "image_url":
      return isFields<Json>(part.image_url) ? imagePart(part.image_url, part.image_url.url) : undefined;
    case "input_file":
      return filePart(part);
    case "file":
      return isFields<Json>(part.file) ? filePart(part.file) : undefined;
    default:
      return undefined;
  }
}

const textPart = (text: unknown): ContentPart | undefined =>
  typeof text === "string" ? { type: "text", text } : undefined;

function imagePart(fields: Fields<Json>, address: unknown): ContentPart | undefined {
  const url = addressOf(fields.blob, address);
  if (url === undefined) return undefined;
  const { detail, width, height } = fields;
  return {
    type: "image",
    url,
    ...((detail === "low" || detail === "high" || detail === "auto") && { detail }),
    ...(typeof width === "number" && typeof height === "number" && { width, height }),
  };
}

function filePart(fields: Fields<Json>): ContentPart | undefined {
  const url = addressOf(fields.blob, fields.file_data ?? fields.file_url);
  const { filename } = fields;
  return url === undefined
    ? undefined
    : { type: "file", url, name: typeof filename === "string" ? filename : "file" };
}

function addressOf(blob: unknown, url: unknown): string | undefined {
  if (isBlobId(blob)) return BLOB + blob;
  return typeof url === "string" && /^(?:data|https?):/.test(url) ? url : undefined;
}
