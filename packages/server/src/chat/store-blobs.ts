import type { Json, NewItem } from "@redis-memory-magic/memory";
import { AppError } from "../errors/app-error.ts";
import { type Fields, isFields } from "../fields.ts";
import type { StorageQuota } from "./caller.ts";
import { imageInfo } from "./image-info.ts";
import type { SessionStore } from "./session-store.ts";

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w=.+-]+)*;base64,/;

/**
 * Stores the images and files that stand in items as `data:` addresses: once per session, outside the list. In the
 * items their blobs' ids are left. Takes the parts of the Responses API and of Chat Completions.
 * @param field where the request has the items, for errors
 * @throws AppError `body_too_large`, `storage_limit_reached`, `storage_unavailable`, `invalid_request` for no image
 */
export async function storeBlobs<I extends NewItem>(
  sessions: SessionStore,
  sessionId: string,
  items: readonly I[],
  quota: StorageQuota,
  field?: string,
): Promise<I[]> {
  const stored: I[] = [];
  for (const item of items) {
    if (!hasData(item)) {
      stored.push(item);
      continue;
    }
    const replaced: Json[] = [];
    for (const part of item.parts as Json[]) {
      replaced.push(await storePart(sessions, sessionId, part, quota, field));
    }
    stored.push({ ...item, parts: replaced });
  }
  return stored;
}

/** True if an image or a file stands in the item itself. */
export const hasData = ({ parts }: NewItem): boolean =>
  Array.isArray(parts) && parts.some((part) => dataOf(part) !== undefined);

interface DataPart {
  readonly data: Uint8Array;
  readonly mediaType: string;
  readonly isImage: boolean;
  /** The part as it is stored, for the id that its data is stored under. */
  readonly partFor: (blob: string) => Json;
}

/** Reads a part that has its image or file in itself; undefined if it has none. What is no image is a file. */
export function takeData(part: Json): DataPart | undefined {
  const url = dataOf(part);
  if (url === undefined) return undefined;
  const [head = "", type = "application/octet-stream"] = DATA_URL.exec(url) ?? [];
  const data = Buffer.from(url.slice(head.length), "base64");
  const { detail, filename } = fieldsOf(part);
  const image = imageInfo(data);
  const mediaType = image?.mediaType ?? type;
  const partFor = (blob: string): Json => ({
    type: image ? "input_image" : "input_file",
    blob,
    media_type: mediaType,
    ...(image && { width: image.width, height: image.height }),
    ...(typeof detail === "string" && { detail }),
    ...(typeof filename === "string" && { filename }),
  });
  return { data, mediaType, isImage: image !== undefined, partFor };
}

async function storePart(
  sessions: SessionStore,
  sessionId: string,
  part: Json,
  quota: StorageQuota,
  field: string | undefined,
): Promise<Json> {
  const found = takeData(part);
  if (found === undefined) return part;
  const { type } = fieldsOf(part);
  if (!found.isImage && (type === "input_image" || type === "image_url")) throw notAnImage(field);
  return found.partFor(await sessions.putBlob(sessionId, found.data, found.mediaType, quota));
}

/** The `data:` address of a part; undefined if it has none. */
function dataOf(part: Json | undefined): string | undefined {
  const { image_url, file_data, url } = fieldsOf(part);
  return [image_url, file_data, url].find(
    (value): value is string => typeof value === "string" && DATA_URL.test(value),
  );
}

/** The fields of a part, whichever API it is of: Chat Completions has them one level deeper. */
function fieldsOf(part: Json | undefined): Fields<Json> {
  if (!isFields<Json>(part)) return {};
  const inner = part.type === "file" ? part.file : part.type === "image_url" ? part.image_url : undefined;
  return isFields<Json>(inner) ? { ...part, image_url: null, ...inner, type: part.type ?? "" } : part;
}

export const notAnImage = (field = "attachments"): AppError => {
  const message = "must be a PNG, JPEG, GIF or WebP image";
  return new AppError("invalid_request", `An image ${message}. Convert it, and send it again.`, {
    errors: [{ field, message }],
  });
};
