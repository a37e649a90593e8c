import type { ReadableItem } from "./original.ts";

/** A part of a message that every provider's API has in a form of its own. */
export type PortablePart =
  | { readonly kind: "text"; readonly text: string }
  /** An address, or a `data:` URL. */
  | { readonly kind: "image"; readonly url: string };

interface AnyPart {
  readonly type?: string;
  readonly text?: string;
  readonly image_url?: string | { readonly url?: string };
  readonly source?: { type?: string; url?: string; media_type?: string; data?: string };
  readonly url?: string;
  readonly mediaType?: string;
}

/**
 * Reads text and images of a message in the format of another API: of a message's `parts` as a list (Responses API,
 * AI SDK), or as an adapter kept them. Undefined if there is no list: then `content` is all.
 * @throws TypeError for a part that is neither, such as audio: it would be lost
 */
export function portableParts({ parts, id }: ReadableItem): PortablePart[] | undefined {
  const list = listOf(parts);
  return list?.map((part): PortablePart => {
    const { type = "", text } = part;
    const image = imageUrl(part);
    if (["text", "input_text", "output_text"].includes(type) && text !== undefined) {
      return { kind: "text", text };
    }
    if (image !== undefined) return { kind: "image", url: image };
    throw new TypeError(
      `A part of the type ${JSON.stringify(type)} of the message ${id ?? ""} cannot be converted to this API. ` +
        "Remove it, or replace it by text or an image with an address",
    );
  });
}

function listOf(parts: unknown): AnyPart[] | undefined {
  if (Array.isArray(parts)) return parts as AnyPart[];
  if (typeof parts !== "object" || parts === null) return undefined;
  const { chat, responses, anthropic } = parts as Record<string, { content?: unknown } | undefined>;
  const list = chat?.content ?? responses?.content ?? anthropic;
  return Array.isArray(list) ? (list as AnyPart[]) : undefined;
}

function imageUrl({ type, image_url: image, source, url, mediaType }: AnyPart): string | undefined {
  if (type === "image_url" || type === "input_image") return typeof image === "string" ? image : image?.url;
  if (type === "image" && source?.type === "url") return source.url;
  if (type === "image" && source?.type === "base64") return `data:${source.media_type};base64,${source.data}`;
  if (type === "file" && mediaType?.startsWith("image/")) return url;
  return undefined;
}
