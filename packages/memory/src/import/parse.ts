import { toBase64Url } from "../bytes.ts";
import { sha256 } from "../hash.ts";
import type { Json } from "../history/item.ts";
import { isId } from "../validate.ts";

export type JsonObject = { readonly [key: string]: Json };

/** Undefined for what is no JSON object. */
export function parseObject(text: string | undefined): JsonObject | undefined {
  try {
    const value: Json = JSON.parse(text ?? "");
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An id as it is, or where it cannot be one here, a digest that is the same each time. */
export const preservedId = (id: string): string => (isId(id) ? id : `sha256-${digestOf(id)}`);

function digestOf(text: string): string {
  const hash = sha256();
  hash.update(new TextEncoder().encode(text));
  return toBase64Url(hash.digest());
}

/** Undefined for what is no time. */
export function time(milliseconds: number): Date | undefined {
  const date = new Date(Math.round(milliseconds));
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Without what is empty: an absent field is absent. */
export function withoutEmpty(fields: Record<string, Json | undefined>): JsonObject | undefined {
  const kept = Object.entries(fields).filter((entry): entry is [string, Json] => {
    const [, value] = entry;
    if (value === undefined || value === null || value === "") return false;
    return typeof value !== "object" || Object.keys(value).length > 0;
  });
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}
