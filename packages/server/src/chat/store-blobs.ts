import type { Json, NewItem } from "@redis-memory-magic/memory";
import { AppError } from "../errors/app-error.ts";
import type { StorageQuota } from "./caller.ts";
import { imageInfo } from "./image-info.ts";
import type { SessionStore } from "./session-store.ts";

type Part = { readonly [key: string]: Json };

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w=.+-]+)*;base64,/;

/**
 * Stores the images and files that stand in items as `data:` addresses: once per session, outside the list. In the
 * items their blobs' ids are left. Takes the parts of the Responses API and of Chat Completions.
 * @throws AppError `body_too_large`, `storage_limit_reached`, `storage_unavailable`, `invalid_request` for no image
 */
export async function storeBlobs<I extends NewItem>(
  sessions: SessionStore,
  sessionId: string,
  items: readonly I[],
  quota: StorageQuota,
): Promise<I[]> {
  const stored: I[] = [];
  for (const item of items) {
    if (!hasData(item)) {
      stored.push(item);
      continue;
    }
    const replaced: Json[] = [];
    for (const part of item.parts as Json[]) replaced.push(await storePart(sessions, sessionId, part, quota));
    stored.push({ ...item, parts: replaced });
  }
  return stored;
}

/** True if an image or a file stands in the item itself. */
export const hasData = ({ parts }: NewItem): boolean =>
  Array.isArray(parts) && parts.some((part) => dataOf(part) !== undefined);

async function storePart(
  sessions: SessionStore,
  sessionId: string,
  part: Json,
  quota: StorageQuota,
): Promise<Json> {
  const url = dataOf(part);
  if (url === undefined) return part;
  const [head = "", type = "application/octet-stream"] = DATA_URL.exec(url) ?? [];
  const data = Buffer.from(url.slice(head.length), "base64");
  const { type: kind, detail, filename } = fieldsOf(part);
  const isImage = kind === "input_image" || kind === "image_url";
  const image = isImage ? imageInfo(data) : undefined;
  if (isImage && image === undefined) throw notAnImage();
  const mediaType = image?.mediaType ?? type;
  const blob = await sessions.putBlob(sessionId, data, mediaType, quota);
  return {
    type: isImage ? "input_image" : "input_file",
    blob,
    media_type: mediaType,
    ...(image && { width: image.width, height: image.height }),
    ...(typeof detail === "string" && { detail }),
    ...(typeof filename === "string" && { filename }),
  };
}

/** The `data:` address of a part; undefined if it has none. */
function dataOf(part: Json | undefined): string | undefined {
  const { image_url, file_data, url } = fieldsOf(part);
  return [image_url, file_data, url].find(
    (value): value is string => typeof value === "string" && DATA_URL.test(value),
  );
}

/** The fields of a part, whichever API it is of: Chat Completions has them one level deeper. */
function fieldsOf(part: Json | undefined): Part {
  if (typeof part !== "object" || part === null || Array.isArray(part)) return {};
  const fields = part as Part;
  const inner =
    fields.type === "file" ? fields.file : fields.type === "image_url" ? fields.image_url : undefined;
  return typeof inner === "object" && inner !== null && !Array.isArray(inner)
    ? { ...fields, image_url: null, ...(inner as Part), type: fields.type ?? "" }
    : fields;
}

export const notAnImage = (): AppError => {
  const message = "must be a PNG, JPEG, GIF or WebP image";
  return new AppError("invalid_request", `An image ${message}. Convert it, and send it again.`, {
    errors: [{ field: "attachments", message }],
  });
};
