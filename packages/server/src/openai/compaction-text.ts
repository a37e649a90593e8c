/** What the content of a compaction of this server begins with: it is readable, not encrypted. */
const FORM = "text.";

export const encodeCompaction = (text: string): string => FORM + Buffer.from(text).toString("base64");

/** The text of a compaction. Empty for one that this server cannot read: another one has encrypted it. */
export const decodeCompaction = (content: unknown): string =>
  typeof content === "string" && content.startsWith(FORM)
    ? Buffer.from(content.slice(FORM.length), "base64").toString().toWellFormed()
    : "";
