import type { Attachment, Json } from "@redis-memory-magic/protocol";
import { fetchBlob } from "../../api/endpoints.ts";
import { t } from "../../texts/texts.ts";

export interface ImageAttachment {
  readonly kind: "image";
  readonly name: string;
  /** Base64, if the page has it. */
  readonly data: string | null;
  /** Its id in the session, if Redis has it. An image with neither is at a place that the page does not ask. */
  readonly blob: string | null;
}

/** What a message carries beside its text. */
export type MessageAttachment =
  | ImageAttachment
  | { readonly kind: "text"; readonly name: string; readonly text: string }
  /** A file that the page cannot show. */
  | { readonly kind: "file"; readonly name: string };

/** As the API limits it. */
export const MAX_ATTACHMENTS = 8;

export interface AttachmentLimits {
  /** Bytes of an image, and of all that a message carries. */
  readonly maxBytes: number;
  /** Name of a model that is known not to see images; null if it may. */
  readonly blindModel: string | null;
}

/** Reads what a message's parts have beside its text: the parts of the Responses API, as the server stores them. */
export function attachmentsIn(parts: Json | undefined): MessageAttachment[] {
  return partsOf(parts).flatMap((part): MessageAttachment[] => {
    const name = typeof part.filename === "string" ? part.filename : "";
    switch (part.type) {
      case "input_text":
        return isFile(part) ? [{ kind: "text", name, text: withoutHead(part.text, name) }] : [];
      case "input_image":
      case "image_url":
        return [{ kind: "image", name: name || t.common.image, data: null, blob: blobOf(part) }];
      case "input_file":
      case "file":
        return [{ kind: "file", name: name || t.common.file }];
      default:
        return [];
    }
  });
}

/** Returns a message's own text, without that of its files. */
export function textIn(parts: Json | undefined, content: string): string {
  const texts = partsOf(parts).filter((part) => typeof part.text === "string");
  if (!texts.some(isFile)) return content;
  return texts
    .filter((part) => !isFile(part))
    .map(({ text }) => text)
    .join("\n\n");
}

/** Returns attachments as a request carries them: those whose data the page has. */
export const toRequest = (attachments: readonly MessageAttachment[]): Attachment[] =>
  attachments.flatMap((attachment): Attachment[] => {
    const { kind, name } = attachment;
    if (kind === "text") return [{ type: "text", name, text: attachment.text }];
    return kind === "image" && attachment.data !== null
      ? [{ type: "image", name, data: attachment.data }]
      : [];
  });

/** Returns attachments with the data of images that only Redis has. @throws ApiError */
export const withData = (
  sessionId: string,
  attachments: readonly MessageAttachment[],
  read = imageData,
): Promise<MessageAttachment[]> =>
  Promise.all(
    attachments.map(async (attachment) =>
      attachment.kind === "image" ? { ...attachment, data: await read(sessionId, attachment) } : attachment,
    ),
  );

/** Images that the page has fetched, so that they can be put back when Redis has lost them. */
const fetched = new Map<string, string>();
const MAX_FETCHED_CHARS = 50_000_000;

/** Returns an image in Base64; null: neither the page nor Redis has it. @throws ApiError */
export async function imageData(sessionId: string, { data, blob }: ImageAttachment): Promise<string | null> {
  if (data !== null || blob === null) return data;
  const key = `${sessionId} ${blob}`;
  const image = fetched.get(key) ?? (await base64Of(await fetchBlob(sessionId, blob)));
  fetched.set(key, image);
  let chars = [...fetched.values()].reduce((sum, { length }) => sum + length, 0);
  for (const [oldest, { length }] of fetched) {
    if (chars <= MAX_FETCHED_CHARS) break;
    fetched.delete(oldest);
    chars -= length;
  }
  return image;
}

/** Returns attachments as parts of a message, as the server stores them. */
export const attachedParts = (attachments: readonly MessageAttachment[]): Part[] =>
  toRequest(attachments).map((attachment) =>
    attachment.type === "text"
      ? {
          type: "input_text",
          text: `${headOf(attachment.name)}${attachment.text}`,
          filename: attachment.name,
        }
      : {
          type: "input_image",
          image_url: imageAddress(attachment.data),
          ...(attachment.name !== undefined && { filename: attachment.name }),
        },
  );

export async function base64Of(file: Blob): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const reader = new FileReader();
  reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(file);
  return promise;
}

/** Enough of an image for its size in pixels: what the server counts its tokens by. */
const HEADER_CHARS = 4096;

/** Returns attachments for a preview, which stores nothing: images are cut behind their headers. */
export const forPreview = (attachments: readonly MessageAttachment[]): MessageAttachment[] =>
  attachments.map((attachment) =>
    attachment.kind === "image"
      ? { ...attachment, data: attachment.data?.slice(0, HEADER_CHARS) ?? null }
      : attachment,
  );

/** Browsers and models look at an image's first bytes; so does the address that shows it. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  iVBO: "image/png",
  "/9j/": "image/jpeg",
  R0lG: "image/gif",
  UklG: "image/webp",
};

export const imageAddress = (data: string): string =>
  `data:${MEDIA_TYPES[data.slice(0, 4)] ?? "image/png"};base64,${data}`;

type Part = Readonly<Record<string, Json>>;

const partsOf = (parts: Json | undefined): Part[] =>
  Array.isArray(parts)
    ? parts.filter((part): part is Part => typeof part === "object" && part !== null && !Array.isArray(part))
    : [];

const isFile = ({ type, text, filename }: Part): boolean =>
  type === "input_text" && typeof text === "string" && typeof filename === "string";

/** The server writes a file's name before its text. */
const headOf = (name: string): string => `File ${name}:\n`;

const withoutHead = (text: Json | undefined, name: string): string => {
  const head = headOf(name);
  return typeof text !== "string" ? "" : text.startsWith(head) ? text.slice(head.length) : text;
};

const blobOf = ({ blob }: Part): string | null => (typeof blob === "string" ? blob : null);
