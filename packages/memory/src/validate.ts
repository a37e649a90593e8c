import { isRole, type NewItem, ROLES, type Role } from "./history/item.ts";

const refuse = (what: string): never => {
  throw new TypeError(what);
};

/** Ids are 1–128 characters of any script, none of them a control character or half of a surrogate pair. */
export const isId = (id: unknown): id is string =>
  typeof id === "string" &&
  id.length > 0 &&
  (id.length <= 128 || [...id.slice(0, 257)].length <= 128) &&
  !/\p{Cc}/u.test(id) &&
  id.isWellFormed();

export function assertId(what: string, id: unknown): asserts id is string {
  if (!isId(id)) refuse(`${what} must be 1–128 characters without control characters`);
}

export function assertPositiveInteger(what: string, value: unknown): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < 1) refuse(`${what} must be a positive integer`);
}

// Within it, every time that is made of a TTL is one that a Date and a script can hold.
const MAX_TTL_SECONDS = 100 * 365 * 86_400;

export function assertTtl(what: string, value: unknown): asserts value is number {
  assertPositiveInteger(what, value);
  if (value > MAX_TTL_SECONDS) refuse(`${what} must be ${MAX_TTL_SECONDS} (100 years) at most`);
}

// A timer takes no more: it would fire at once.
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export function assertTimeout(what: string, value: unknown): asserts value is number {
  assertPositiveInteger(what, value);
  if (value > MAX_TIMEOUT_MS) refuse(`${what} must be ${MAX_TIMEOUT_MS} at most`);
}

export function assertCount(what: string, value: unknown): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) refuse(`${what} must be an integer, 0 or more`);
}

export function assertRoles(roles: unknown): asserts roles is readonly Role[] {
  if (!Array.isArray(roles) || roles.length === 0) refuse("role must be a role or a list with at least one");
  for (const role of roles as unknown[]) assertRole(role);
}

function assertRole(role: unknown): void {
  if (!isRole(role)) refuse(`role must be one of ${ROLES.join(", ")}, not ${JSON.stringify(role)}`);
}

export function assertText(what: string, value: unknown): asserts value is string {
  if (typeof value !== "string") refuse(`${what} must be a string`);
  if (!(value as string).isWellFormed()) refuse(`${what} must not contain half of a surrogate pair`);
}

/** Refuses fields that nothing reads: a misspelt option would be ignored. Fields that are undefined count as absent. */
export function assertFields(
  what: string,
  value: unknown,
  known: ReadonlySet<string>,
): asserts value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    refuse(`${what} must be an object`);
  for (const field in value as Record<string, unknown>) {
    if (!known.has(field) && (value as Record<string, unknown>)[field] !== undefined) {
      refuse(`${what} has an unknown field ${JSON.stringify(field)}. Known are: ${[...known].join(", ")}`);
    }
  }
}

const ITEM_FIELDS = new Set([
  "role",
  "type",
  "content",
  "parts",
  "id",
  "createdAt",
  "toolCalls",
  "toolCallId",
  "metadata",
]);
const CHANGE_FIELDS = new Set(["content", "parts", "toolCalls", "toolCallId", "metadata"]);
const TYPE = /^[A-Za-z][\w.:-]{0,63}$/;

/** @param more fields that an item may have here and nowhere else */
export function assertItem(item: NewItem, more: readonly string[] = []): void {
  assertFields("a message", item, more.length > 0 ? new Set([...ITEM_FIELDS, ...more]) : ITEM_FIELDS);
  if (item.type === undefined) {
    assertRole(item.role);
    if (item.content === null) refuse('content must be a string; of a message that only calls tools, ""');
    if (Array.isArray(item.content))
      refuse("content must be a string; a list of content parts goes into parts");
    assertText("content", item.content);
  } else {
    if (item.role !== undefined) refuse("an item has either a role or a type");
    if (typeof item.type !== "string" || !TYPE.test(item.type)) {
      refuse(
        "type must be 1–64 letters, digits, dots, colons, hyphens or underscores, and begin with a letter",
      );
    }
    if (item.type === "message" || isRole(item.type))
      refuse(`an item of the type ${item.type} has a role instead`);
    if (item.content !== undefined) assertText("content", item.content);
  }
  if (item.id !== undefined) assertId("id", item.id);
  const time = item.createdAt;
  if (time !== undefined && !(time instanceof Date && Number.isSafeInteger(time.getTime()))) {
    refuse("createdAt must be a valid Date");
  }
  assertValues(item);
}

/** What may be changed of a stored item. */
export function assertChange(change: object): void {
  assertFields("a change", change, CHANGE_FIELDS);
  const { content } = change as NewItem;
  if (content !== undefined) assertText("content", content);
  assertValues(change);
}

function assertValues({ toolCalls, toolCallId, metadata, parts }: Partial<NewItem>): void {
  if (toolCallId !== undefined) assertText("toolCallId", toolCallId);
  if (toolCalls !== undefined) assertToolCalls(toolCalls);
  if (metadata !== undefined) assertJson("metadata", metadata);
  if (parts !== undefined) assertJson("parts", parts);
}

const CALL_FIELDS = new Set(["id", "name", "arguments"]);

function assertToolCalls(calls: unknown): void {
  if (!Array.isArray(calls)) refuse("toolCalls must be an array");
  for (const call of calls as Record<string, unknown>[]) {
    assertFields("a tool call", call, CALL_FIELDS);
    for (const field of ["id", "name", "arguments"]) assertText(`toolCalls: ${field}`, call?.[field]);
  }
}

const MAX_DEPTH = 100;

// Refuses what JSON.stringify would drop, change or fail on, so that what is read is what was written.
export function assertJson(what: string, value: unknown, depth = 0): void {
  if (value === null || typeof value === "boolean" || Number.isFinite(value)) return;
  if (typeof value === "string" && value.isWellFormed()) return;
  if (typeof value !== "object") refuse(`${what} must be plain JSON, not ${String(value)}`);
  if (depth > MAX_DEPTH) refuse(`${what} must not be endless, or deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) {
    // Not forEach: it skips the holes of an array.
    for (const item of value) assertJson(what, item, depth + 1);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) refuse(`${what} must be plain JSON`);
  for (const key of Object.keys(value as object)) {
    assertText(`a key of ${what}`, key);
    assertJson(what, (value as Record<string, unknown>)[key], depth + 1);
  }
}
