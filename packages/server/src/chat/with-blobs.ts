import { AppError } from "../errors/app-error.ts";
import type { ModelRequest } from "./chat-model.ts";
import type { ContentPart, ContextItem } from "./context-item.ts";
import type { SessionStore } from "./session-store.ts";
import { BLOB } from "./stored-parts.ts";
import type { StoredBlob } from "./stored-session.ts";

/** A blob of the session, as a `data:` address; null if it is not there. */
export type LoadBlob = (blobId: string) => Promise<string | null>;

/** OpenAI's API accepts no more in a request either. */
const MAX_BYTES = 50 * 1024 * 1024;

/**
 * Loads the blobs of one request, as `data:` addresses. Each is read once. It counts each time that it is asked for,
 * because it is sent each time.
 * @throws AppError `body_too_large`
 */
export function blobLoader(
  sessions: Pick<SessionStore, "blob">,
): (sessionId: string, blobId: string) => Promise<string | null> {
  const found = new Map<string, Promise<StoredBlob | null>>();
  const loaded = new Map<string, Promise<string>>();
  let bytes = 0;
  return async (sessionId, blobId) => {
    const key = `${sessionId}\n${blobId}`;
    const blob = await getOrAdd(found, key, () => sessions.blob(sessionId, blobId));
    if (blob === null) return null;
    bytes += blob.bytes;
    if (bytes > MAX_BYTES) throw tooLarge();
    return getOrAdd(loaded, key, () => dataUrlOf(blob));
  };
}

function getOrAdd<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

async function dataUrlOf(blob: StoredBlob): Promise<string> {
  const data = Buffer.concat(await Array.fromAsync(blob.data()));
  return `data:${blob.mediaType};base64,${data.toString("base64")}`;
}

const tooLarge = (): AppError =>
  new AppError(
    "body_too_large",
    `The images and files of this request have more than ${MAX_BYTES / 1024 / 1024} MiB, the most that one request ` +
      "can have. Use fewer or smaller ones, or begin a new conversation.",
  );

/**
 * Returns the request with the data of its images and files, instead of the addresses that they are stored under. Its
 * list of items is the caller's.
 */
export async function withBlobs(
  request: ModelRequest,
  load: LoadBlob,
): Promise<ModelRequest & { readonly items: ContextItem[] }> {
  const withData = async (part: ContentPart): Promise<ContentPart> => {
    if (part.type === "text" || !part.url.startsWith(BLOB)) return part;
    const url = await load(part.url.slice(BLOB.length));
    if (url !== null) return { ...part, url };
    return { type: "text", text: "(An image or a file was here, which is no longer stored.)" };
  };
  const items: ContextItem[] = [];
  for (const item of request.items) {
    if (item.type === "function_call" || item.parts === undefined) items.push(item);
    else items.push({ ...item, parts: await Promise.all(item.parts.map(withData)) });
  }
  return { ...request, items };
}
