import { toBase64Url } from "../bytes.ts";
import { type Hash, sha256 } from "../hash.ts";

const BLOB_ID = /sha256-[\w-]{43}/g;
const WHOLE = new RegExp(`^${BLOB_ID.source}$`);

/** Returns the id of the blob whose bytes were hashed. */
export const toBlobId = (hash: Hash): string => `sha256-${toBase64Url(hash.digest())}`;

/** Returns the id of a blob with these bytes. */
export function blobIdOf(data: Uint8Array): string {
  const hash = sha256();
  hash.update(data);
  return toBlobId(hash);
}

/** True for a text of the form of a blob's id. */
export const isBlobId = (value: unknown): value is string => typeof value === "string" && WHOLE.test(value);

/** Returns what has the form of a blob's id in a text. */
export const blobIdsIn = (text: string): string[] => text.match(BLOB_ID) ?? [];
