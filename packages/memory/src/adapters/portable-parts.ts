import type { ReadableItem } from "./original.ts";

/** A part of a message that every provider's API has in a form of its own. */
export type PortablePart =
  | { readonly kind: "text"; readonly text: string }
  /** An address, or a `data:` URL. */
  | { readonly kind: "image"; readonly url: string };

interface AnyPart {
  readonly type?: string;
  readonly text?: string;
  /** Chat Completions, Responses. */
  readonly image_url?: string | { readonly url?: string };
  /** Agents SDK. */
  readonly image?: unknown;
  /** Anthropic. */
  readonly source?: { type?: string; url?: string; media_type?: string; data?: string };
  /** AI SDK, LangChain. */
  readonly url?: string;
  readonly mediaType?: string;
  /** LangChain, now and in its version 0. */
  readonly data?: unknown;
  readonly mimeType?: string;
  readonly mime_type?: string;
}

/**
 * Reads text and images of a message in the format of another API or framework: of a message's `parts` as a list
 * (Responses API, AI SDK), or as an adapter kept them. Undefined if there is no list, or nothing in it: then `content`
 * is all.
 * @throws TypeError for a part that is neither, such as audio: it would be lost
 */
export function portableParts({ parts, id }: ReadableItem): PortablePart[] | undefined {
  const list = listOf(parts);
  // A message of any API has text or parts.
  if (list?.length === 0) return undefined;
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
  const { chat, responses, agents, anthropic, langchain } = parts as Readonly<Record<string, AnyMessage>>;
  const lists = [chat?.content, responses?.content, agents?.content, anthropic, langchain?.data?.content];
  return lists.find(Array.isArray) as AnyPart[] | undefined;
}

interface AnyMessage {
  readonly content?: unknown;
  readonly data?: { readonly content?: unknown };
}

function imageUrl(part: AnyPart): string | undefined {
  const { type, image_url: image, source, url, data } = part;
  if (type === "image_url" || type === "input_image") {
    const address = image ?? part.image;
    return typeof address === "object" ? (address as { url?: string } | null)?.url : (address as string);
  }
  if (type === "file" && part.mediaType?.startsWith("image/")) return url;
  if (type !== "image") return undefined;
  if (source?.type === "base64") return `data:${source.media_type};base64,${source.data}`;
  if (typeof data === "string") return `data:${part.mimeType ?? part.mime_type};base64,${data}`;
  return source?.url ?? url;
}
