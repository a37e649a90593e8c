/** A piece of content. */
export type ContentPart = TextPart | ImagePart | FilePart;

export interface TextPart {
  readonly type: "text";
  readonly text: string;
}

export interface ImagePart {
  readonly type: "image";
  /** `data:`, `https:`, or `blob:` and a blob's id, until its data is needed. */
  readonly url: string;
  readonly detail?: "auto" | "low" | "high";
  /** In pixels, where they are known. */
  readonly width?: number;
  readonly height?: number;
}

export interface FilePart {
  readonly type: "file";
  readonly name: string;
  /** As of an image. */
  readonly url: string;
}

/** One message that a model is sent. The system prompt stands apart: each provider has its own place for it. */
export interface ContextMessage {
  readonly type?: undefined;
  readonly role: "user" | "assistant";
  /** All of its text. */
  readonly content: string;
  /** Absent where the text is all. Only the user's messages have them. */
  readonly parts?: readonly ContentPart[];
}

/** A call of a tool that a model asked for. */
export interface FunctionCall {
  readonly type: "function_call";
  readonly callId: string;
  readonly name: string;
  /** JSON, as the model wrote it. */
  readonly arguments: string;
}

export interface FunctionCallOutput {
  readonly type: "function_call_output";
  readonly callId: string;
  /** All of its text. */
  readonly content: string;
  /** Absent where the text is all. */
  readonly parts?: readonly ContentPart[];
}

/**
 * One entry of what a model is sent. Calls are followed by their outputs. What models have thought is not sent again:
 * no provider's API requires it.
 */
export type ContextItem = ContextMessage | FunctionCall | FunctionCallOutput;

/** The text of parts, as people read it. */
export const textOf = (parts: readonly ContentPart[]): string =>
  parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n");

/** A text, or what is needed where there is more than text. */
export const contentOf = <Part>(
  { content, parts }: Pick<ContextMessage | FunctionCallOutput, "content" | "parts">,
  map: (part: ContentPart) => Part,
): string | Part[] => parts?.map(map) ?? content;
