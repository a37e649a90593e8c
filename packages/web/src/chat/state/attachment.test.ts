import { expect, test } from "vitest";
import { attachedParts, attachmentsIn, forPreview, imageAddress, textIn, toRequest } from "./attachment.ts";

const image = { kind: "image", name: "cat.png", data: "iVBORw0K", blob: null } as const;
const file = { kind: "text", name: "notes.txt", text: "Zoe lives in Oslo." } as const;
const stored = [
  { type: "input_text", text: "What is this?" },
  { type: "input_image", blob: "sha256-x", media_type: "image/png", filename: "cat.png" },
  { type: "input_text", text: "File notes.txt:\nZoe lives in Oslo.", filename: "notes.txt" },
];

test("reads what a stored message carries, apart from its own text", () => {
  expect(attachmentsIn(stored)).toEqual([{ ...image, data: null, blob: "sha256-x" }, file]);
  const content = "What is this?\n\nFile notes.txt:\nZoe lives in Oslo.";
  expect(textIn(stored, content)).toBe("What is this?");
});

test("names images and files of other writers, and asks for none of them elsewhere", () => {
  const parts = [
    { type: "text", text: "Look" },
    { type: "image_url", image_url: { url: "https://example.com/cat.png" } },
    { type: "input_file", blob: "sha256-y", filename: "a.pdf" },
    "text",
    { type: "audio" },
  ];
  expect(attachmentsIn(parts)).toEqual([
    { kind: "image", name: "Image", data: null, blob: null },
    { kind: "file", name: "a.pdf" },
  ]);
  expect(textIn(parts, "Look")).toBe("Look");
  expect(attachmentsIn(undefined)).toEqual([]);
});

test("sends images that the page has, and reads again what it puts back", () => {
  expect(toRequest([image, file, { ...image, data: null }, { kind: "file", name: "a.pdf" }])).toEqual([
    { type: "image", name: "cat.png", data: "iVBORw0K" },
    { type: "text", name: "notes.txt", text: "Zoe lives in Oslo." },
  ]);
  expect(attachmentsIn(attachedParts([file]))).toEqual([file]);
});

test("previews an image by its header, whose type its address names", () => {
  const [short] = forPreview([{ ...image, data: `/9j/${"A".repeat(10_000)}` }]);
  expect(short).toMatchObject({ data: expect.stringMatching(/^.{4096}$/) });
  expect(imageAddress("/9j/AAAA")).toBe("data:image/jpeg;base64,/9j/AAAA");
});
