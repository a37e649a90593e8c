import { isRole, type NewMessage, type Role } from "./history/message.ts";

const refuse = (what: string): never => {
  throw new TypeError(what);
};

/** Ids are 1–128 characters of any script, none of them a control character or half of a surrogate pair. */
export const isId = (id: unknown): id is string =>
  typeof id === "string" && id.length > 0 && id.length <= 128 && !/\p{Cc}/u.test(id) && id.isWellFormed();

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
  for (const role of roles as unknown[]) {
    if (!isRole(role)) refuse(`role must be system, user, assistant or tool, not ${JSON.stringify(role)}`);
  }
}

export function assertText(what: string, value: unknown): asserts value is string {
  if (typeof value !== "string") refuse(`${what} must be a string`);
  if (!(value as string).isWellFormed()) refuse(`${what} must not contain half of a surrogate pair`);
}

export function assertMessage(message: NewMessage): void {
  if (typeof message !== "object" || message === null) refuse("a message must be an object");
  assertRoles([message.role]);
  assertText("content", message.content);
  if (message.id !== undefined) assertId("id", message.id);
  if (message.toolCallId !== undefined) assertText("toolCallId", message.toolCallId);
  const time = message.createdAt;
  if (time !== undefined && !(time instanceof Date && Number.isSafeInteger(time.getTime()))) {
    refuse("createdAt must be a valid Date");
  }
  if (message.toolCalls !== undefined) assertToolCalls(message.toolCalls);
  if (message.metadata !== undefined) assertJson("metadata", message.metadata);
}

function assertToolCalls(calls: unknown): void {
  if (!Array.isArray(calls)) refuse("toolCalls must be an array");
  for (const call of calls as Record<string, unknown>[]) {
    for (const field of ["id", "name", "arguments"]) assertText(`toolCalls: ${field}`, call?.[field]);
  }
}

// What JSON.stringify would drop, change or choke on is refused, so that what is read is what was written.
export function assertJson(what: string, value: unknown, above: readonly unknown[] = []): void {
  if (typeof value === "object" && value !== null) {
    if (above.length > 100 || above.includes(value))
      refuse(`${what} must not be endless, or deeper than 100 levels`);
    const prototype: unknown = Object.getPrototypeOf(value);
    const plain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
    if (!plain) refuse(`${what} must be plain JSON`);
    const items = Array.isArray(value) ? value : Object.values(value);
    if (!Array.isArray(value)) for (const key of Object.keys(value)) assertText(`a key of ${what}`, key);
    // Not forEach: it would pass over the holes of an array.
    for (const item of items) assertJson(what, item, [...above, value]);
    return;
  }
  const isJson =
    value === null ||
    typeof value === "boolean" ||
    (typeof value === "string" && value.isWellFormed()) ||
    Number.isFinite(value);
  if (!isJson) refuse(`${what} must be plain JSON, not ${String(value)}`);
}
