import { z } from "zod";

/** Kinds of values that environment variables have. */
export const port = z.coerce.number().int().min(1).max(65_535);
export const positive = z.coerce.number().int().positive();
/** No timer of Node.js can run for longer. */
export const timeout = positive.max(2_147_483);
export const flag = z.stringbool({ truthy: ["true"], falsy: ["false"], error: "must be true or false" });
export const address = z.url({
  protocol: /^https?$/,
  error: "must be an address that begins with http:// or https://",
});
/** Such an address, to which paths are added. */
export const url = address.transform((text) => text.replace(/\/+$/, ""));

/** Values with commas between. */
export const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Whether a host name or an address is this machine's own. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);
