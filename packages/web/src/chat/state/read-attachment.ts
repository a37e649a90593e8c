import { t } from "../../texts/later.ts";
import { type AttachmentLimits, base64Of, MAX_ATTACHMENTS, type MessageAttachment } from "./attachment.ts";

/** Longer sides are scaled down: models see no more of an image, and count it by its size. */
const MAX_SIDE_PX = 2_048;
/** A larger PNG, which is a photo in most cases, becomes a JPEG. */
const MAX_PNG_BYTES = 1_500_000;
const JPEG_QUALITY = 0.88;
/** As the API limits it. */
const MAX_FILE_CHARS = 200_000;
/** Larger files are not read at all. */
const MAX_READ_BYTES = 50_000_000;

interface ReadFiles {
  readonly attachments: readonly MessageAttachment[];
  readonly problems: readonly string[];
}

/** Reads files as attachments. Images are scaled down and written anew, which removes their metadata (EXIF, GPS). */
export async function readAttachments(
  files: readonly File[],
  before: readonly MessageAttachment[],
  { maxBytes, blindModel }: AttachmentLimits,
): Promise<ReadFiles> {
  const attachments: MessageAttachment[] = [];
  const problems: string[] = [];
  let bytes = before.reduce((sum, attachment) => sum + bytesOf(attachment), 0);
  for (const file of files) {
    try {
      if (before.length + attachments.length >= MAX_ATTACHMENTS)
        throw new Refusal(t.attachments.tooMany(MAX_ATTACHMENTS));
      const attachment = await readAttachment(file, maxBytes, blindModel);
      if (bytes + bytesOf(attachment) > maxBytes) throw new Refusal(t.attachments.tooLargeTogether(maxBytes));
      bytes += bytesOf(attachment);
      attachments.push(attachment);
    } catch (error) {
      const reason = error instanceof Refusal ? error.message : t.attachments.unreadable;
      problems.push(t.attachments.problem(file.name, reason));
    }
  }
  return { attachments, problems };
}

/** Why a file is not taken. */
class Refusal extends Error {}

async function readAttachment(
  file: File,
  maxBytes: number,
  blindModel: string | null,
): Promise<MessageAttachment> {
  const name = file.name.slice(-255) || "file";
  if (file.size > MAX_READ_BYTES) throw new Refusal(t.attachments.tooLargeToRead(file.size, MAX_READ_BYTES));
  if (!file.type.startsWith("image/") || file.type.startsWith("image/svg")) return readText(file, name);
  if (blindModel !== null) throw new Refusal(t.attachments.blind(blindModel));
  const image = await rewriteImage(file);
  if (image.size > maxBytes) throw new Refusal(t.attachments.imageTooLarge(image.size, maxBytes));
  return { kind: "image", name, data: await base64Of(image), blob: null };
}

/** Draws an image at its own size or smaller, as a PNG, or as a JPEG if it is a photo. */
async function rewriteImage(file: File): Promise<Blob> {
  const image = await createImageBitmap(file).catch(() => {
    throw new Refusal(t.attachments.noImage);
  });
  const scale = Math.min(1, MAX_SIDE_PX / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  const context = canvas.getContext("2d");
  if (context === null) throw new Refusal(t.attachments.noMemory);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  if (file.type !== "image/jpeg") {
    const png = await encode(canvas, "image/png");
    if (png.size <= MAX_PNG_BYTES) return png;
    // A JPEG has no transparency: what shines through would be black.
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  return encode(canvas, "image/jpeg");
}

const encode = (canvas: HTMLCanvasElement, type: string): Promise<Blob> =>
  new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob === null ? reject(new Refusal(t.attachments.notConverted)) : resolve(blob)),
      type,
      JPEG_QUALITY,
    ),
  );

async function readText(file: File, name: string): Promise<MessageAttachment> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw new Refusal(t.attachments.noText);
  }
  if (text.includes("\0")) throw new Refusal(t.attachments.noText);
  if (text.trim() === "") throw new Refusal(t.attachments.empty);
  if (text.length > MAX_FILE_CHARS) throw new Refusal(t.attachments.textTooLong(text.length, MAX_FILE_CHARS));
  return { kind: "text", name, text };
}

function bytesOf(attachment: MessageAttachment): number {
  if (attachment.kind === "image") return ((attachment.data?.length ?? 0) * 3) / 4;
  return attachment.kind === "text" ? new TextEncoder().encode(attachment.text).length : 0;
}
