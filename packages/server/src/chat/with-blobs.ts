import type { ModelRequest } from "./chat-model.ts";
import type { ContentPart, ContextItem } from "./context-item.ts";
import { BLOB } from "./stored-parts.ts";
import type { StoredBlob } from "./stored-session.ts";

/** A blob of the session, as a `data:` address; null if it is not there. */
export type LoadBlob = (blobId: string) => Promise<string | null>;

/** A blob with its data, as an address; null for none. */
export async function dataUrlOf(blob: StoredBlob | null): Promise<string | null> {
  if (blob === null) return null;
  const data = Buffer.concat(await Array.fromAsync(blob.data()));
  return `data:${blob.mediaType};base64,${data.toString("base64")}`;
}

/** The request with the data of its images and files, instead of the addresses that they are stored under. */
export async function withBlobs(request: ModelRequest, load: LoadBlob): Promise<ModelRequest> {
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
