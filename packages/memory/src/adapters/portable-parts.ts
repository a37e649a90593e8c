import type { ReadableItem } from "./original.ts";

/** A part of a message that every provider's API has in a form of its own. */
export type PortablePart =
  | { readonly kind: "text"; readonly text: string; readonly stored: AnyPart }
  /** An address, or a `data:` URL. */
  | { readonly kind: "image"; readonly url: string; readonly stored: AnyPart };

/** A part as it is stored. */
interface AnyPart {
  readonly type?: unknown;
  readonly text?: unknown;
  /** Of what is stored beside the items. */
  readonly blob?: unknown;
  /** Chat Completions, Responses. */
  readonly image_url?: unknown;
  readonly filename?: unknown;
  readonly file?: unknown;
  /** Agents SDK. */
  readonly image?: unknown;
  /** Anthropic. */
  readonly source?: unknown;
  readonly title?: unknown;
  /** AI SDK, LangChain. */
  readonly url?: unknown;
  readonly mediaType?: unknown;
  /** LangChain, now and in its version 0. */
  readonly data?: unknown;
  readonly mimeType?: unknown;
  readonly mime_type?: unknown;
}

/**
 * Reads text and images of a message in the format of another API or framework: of a message's `parts` as a list
 * (Responses API, AI SDK), or as an adapter kept them. Undefined if there is no list, or nothing in it: then `content`
 * is all. A text stands for a part that is neither, such as audio or a blob: one such part must not keep the rest of a
 * conversation from being read.
 */
export function portableParts({ parts, content = "" }: ReadableItem): PortablePart[] | undefined {
  const list = listOf(parts);
  // A message of any API has text or parts.
  if (list === undefined || list.length === 0) return undefined;
  const portable = list.map((part) => toPortable(fieldsOf(part)));
  const isTextInParts = content === "" || list.some((part) => textOf(fieldsOf(part)) !== undefined);
  return isTextInParts ? portable : [{ kind: "text", text: content, stored: {} }, ...portable];
}

function toPortable(stored: AnyPart): PortablePart {
  const text = textOf(stored);
  if (text !== undefined) return { kind: "text", text, stored };
  const url = imageUrl(stored);
  if (typeof url === "string" && URL.canParse(url)) return { kind: "image", url, stored };
  return { kind: "text", text: `(${describe(stored)} was here. It is not included.)`, stored };
}

const textOf = ({ type, text }: AnyPart): string | undefined =>
  typeof text === "string" && ["text", "input_text", "output_text"].includes(`${type}`) ? text : undefined;

/** What stood in a place, as the subject of a sentence. */
function describe(part: AnyPart): string {
  const type = typeof part.type === "string" ? part.type : "";
  const name = [part.filename, fieldsOf(part.file).filename, part.title].find(
    (one) => typeof one === "string",
  );
  const kind = `${type} ${part.mediaType}`;
  if (/image/.test(kind)) return "An image";
  if (/audio/.test(kind)) return "An audio recording";
  if (/file|document/.test(type)) return name ? `The file ${JSON.stringify(name)}` : "A file";
  return type === "" ? "A part without a type" : `A part of the type ${JSON.stringify(type)}`;
}

function listOf(parts: unknown): readonly unknown[] | undefined {
  if (Array.isArray(parts)) return parts;
  const { chat, responses, agents, anthropic, langchain } = fieldsOf(parts);
  const messages = [chat, responses, agents].map((message) => fieldsOf(message).content);
  const lists = [...messages, anthropic, fieldsOf(fieldsOf(langchain).data).content];
  return lists.find((list) => Array.isArray(list));
}

function imageUrl(part: AnyPart): unknown {
  const { type, url, data } = part;
  if (type === "image_url" || type === "input_image") {
    const address = part.image_url ?? part.image;
    return fieldsOf(address).url ?? address;
  }
  if (type === "file" && /^image\//.test(`${part.mediaType}`)) return url;
  if (type !== "image") return undefined;
  const source = fieldsOf(part.source);
  if (source.type === "base64") return dataUrl(source.media_type, source.data);
  if (data !== undefined) return dataUrl(part.mimeType ?? part.mime_type, data);
  return source.url ?? url;
}

const dataUrl = (mediaType: unknown, data: unknown): string | undefined =>
  typeof mediaType === "string" && typeof data === "string" ? `data:${mediaType};base64,${data}` : undefined;

/** The fields of an object; none of anything else. */
const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
