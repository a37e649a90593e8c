import { isIPv6 } from "node:net";
import { z } from "zod";

/** The kinds of values of environment variables. */
export const port = z.coerce.number().int().min(1).max(65_535);

/** Kubernetes and Docker's links set `<SERVICE>_PORT` to such a value for each service that they know. */
const SERVICE_LINK = /^tcp:\/\/.*:(\d+)$/;
export const linkedPort = (text: unknown): string | undefined => SERVICE_LINK.exec(String(text))?.[1];

/** A port to listen on. What a link has set for another service of this name counts as not set. */
export const ownPort = (standard: number) =>
  z.preprocess((text) => (linkedPort(text) === undefined ? text : undefined), port.default(standard));

/** A host's name or address without anything around it. */
export const host = z
  .string()
  .transform((text) => text.replace(/^\[(.*)\]$/, "$1"))
  .refine((text) => isIPv6(text) || !/[/:\s]/.test(text), "must be a host's name or address alone");
export const positive = z.coerce.number().int().positive();
/** The longest time of a Node.js timer. */
export const timeout = positive.max(2_147_483);
export const flag = z.stringbool({ truthy: ["true"], falsy: ["false"], error: "must be true or false" });
export const address = z.url({
  protocol: /^https?$/,
  error: "must be an address that begins with http:// or https://",
});
/** An address to which paths are appended. */
export const url = address.transform((text) => text.replace(/\/+$/, ""));

/** A value that is sent in an HTTP header. */
export const headerValue = z
  .string()
  .regex(
    /^[\x21-\x7e]+$/,
    "must be printable ASCII characters without blanks, because it is sent in a header",
  );

/** Values with commas between. */
export const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

/** True for a host name or an address of this machine. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

/** A JSON object of names, each for another name. */
export const aliases = z.string().transform((text, context): ReadonlyMap<string, string> => {
  const names = z.record(z.string().min(1), z.string().min(1)).safeParse(parseOrUndefined(text));
  if (names.success) return new Map(Object.entries(names.data));
  context.addIssue(`must be a JSON object such as {"gpt-5-mini": "ollama/llama3.2:3b"}`);
  return z.NEVER;
});

/** Undefined for a text that is not JSON. */
export function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
