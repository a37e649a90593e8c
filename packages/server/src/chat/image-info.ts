/** The kinds of images that models and browsers read. */
export const IMAGE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;
export type ImageType = (typeof IMAGE_TYPES)[number];

export interface ImageInfo {
  readonly mediaType: ImageType;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/** What an image is, by its own bytes: what its sender calls it is not trusted. Undefined: none of these kinds. */
export function imageInfo(data: Buffer): ImageInfo | undefined {
  const size = sizeOf(data);
  return size && size.width > 0 && size.height > 0 ? size : undefined;
}

function sizeOf(data: Buffer): ImageInfo | undefined {
  if (data.length < 30) return undefined;
  const ascii = (start: number, end: number): string => data.toString("latin1", start, end);
  if (ascii(1, 4) === "PNG" && ascii(12, 16) === "IHDR")
    return { mediaType: "image/png", width: data.readUInt32BE(16), height: data.readUInt32BE(20) };
  if (/^GIF8[79]a$/.test(ascii(0, 6)))
    return { mediaType: "image/gif", width: data.readUInt16LE(6), height: data.readUInt16LE(8) };
  if (ascii(0, 4) === "RIFF" && ascii(8, 12) === "WEBP") return webp(data, ascii(12, 16));
  return data.readUInt16BE(0) === 0xffd8 ? jpeg(data) : undefined;
}

function webp(data: Buffer, chunk: string): ImageInfo | undefined {
  const mediaType = "image/webp";
  if (chunk === "VP8X")
    return { mediaType, width: data.readUIntLE(24, 3) + 1, height: data.readUIntLE(27, 3) + 1 };
  if (chunk === "VP8 ")
    return { mediaType, width: data.readUInt16LE(26) & 0x3fff, height: data.readUInt16LE(28) & 0x3fff };
  if (chunk !== "VP8L") return undefined;
  const bits = data.readUInt32LE(21);
  return { mediaType, width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
}

/** The frame that has the size stands behind segments of any kind and length. */
function jpeg(data: Buffer): ImageInfo | undefined {
  for (let at = 2; at + 9 < data.length; ) {
    if (data[at] !== 0xff) return undefined;
    const marker = data[at + 1] ?? 0;
    // 0xc4, 0xc8 and 0xcc are no frames.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { mediaType: "image/jpeg", height: data.readUInt16BE(at + 5), width: data.readUInt16BE(at + 7) };
    at += marker === 0xff ? 1 : 2 + data.readUInt16BE(at + 2);
  }
  return undefined;
}
