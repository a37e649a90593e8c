import type { Json, NewMessage } from "@redis-memory-magic/memory";
import type { Attachment, ChatRequest } from "@redis-memory-magic/protocol";
import { imageInfo } from "../../chat/image-info.ts";
import { notAnImage } from "../../chat/store-blobs.ts";
import type { TurnRequest } from "../../chat/turn-request.ts";
import { AppError } from "../../errors/app-error.ts";

/**
 * The turn that a body of `POST /chat` asks for. A retry has no input of its own.
 * @throws AppError `invalid_request`, `body_too_large` for an image that cannot be taken
 */
export function toTurnRequest(
  { message, attachments = [], temperature, max_output_tokens, seed, ...fields }: ChatRequest,
  maxImageBytes: number,
): TurnRequest {
  const isRetry = message === undefined || fields.retry_of !== undefined;
  const settings = {
    ...(temperature !== undefined && { temperature }),
    ...(max_output_tokens !== undefined && { maxOutputTokens: max_output_tokens }),
    ...(seed !== undefined && { seed }),
  };
  return { ...fields, settings, input: isRetry ? [] : [toInput(message, attachments, maxImageBytes)] };
}

function toInput(message: string, attachments: readonly Attachment[], maxImageBytes: number): NewMessage {
  if (attachments.length === 0) return { role: "user", content: message };
  const texts = [message];
  const parts: Json[] = [{ type: "input_text", text: message }];
  for (const attachment of attachments) {
    if (attachment.type === "image") {
      parts.push(toImagePart(attachment, maxImageBytes));
    } else {
      // A text file is read as part of the message.
      const text = `File ${attachment.name}:\n${attachment.text}`;
      texts.push(text);
      parts.push({ type: "input_text", text, filename: attachment.name });
    }
  }
  return { role: "user", content: texts.join("\n\n"), parts };
}

function toImagePart({ data, name }: Attachment & { type: "image" }, maxBytes: number): Json {
  const bytes = Buffer.from(data, "base64");
  if (bytes.length > maxBytes) {
    const message = `must have at most ${maxBytes} bytes, and has ${bytes.length}`;
    throw new AppError("body_too_large", `An image ${message}. Make it smaller, and send it again.`, {
      errors: [{ field: "attachments", message }],
    });
  }
  const image = imageInfo(bytes);
  if (image === undefined) throw notAnImage();
  const { mediaType, width, height } = image;
  return {
    type: "input_image",
    image_url: `data:${mediaType};base64,${data}`,
    width,
    height,
    ...(name !== undefined && { filename: name }),
  };
}
