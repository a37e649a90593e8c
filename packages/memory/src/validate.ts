import { isRole, type NewMessage, type Role } from "./message.ts";

const refuse = (what: string): never => {
  throw new TypeError(what);
};

/** Ids are 1–128 characters of any script, none of them a control character or half of a surrogate pair. */
export function assertId(what: string, id: unknown): asserts id is string {
  if (
    typeof id !== "string" ||
    id.length === 0 ||
    id.length > 128 ||
    /\p{Cc}/u.test(id) ||
    !id.isWellFormed()
  ) {
    refuse(`${what} must be 1–128 characters without control characters`);
  }
}

export function assertPositiveInteger(what: string, value: unknown): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < 1) refuse(`${what} must be a positive integer`);
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

export function assertMessage(message: NewMessage): void {
  if (typeof message !== "object" || message === null) refuse("a message must be an object");
  assertRoles([message.role]);
  if (typeof message.content !== "string") refuse("content must be a string");
  if (!message.content.isWellFormed()) refuse("content must not contain half of a surrogate pair");
  if (message.id !== undefined) assertId("id", message.id);
  if (message.toolCallId !== undefined) assertId("toolCallId", message.toolCallId);
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
    for (const field of ["id", "name", "arguments"]) {
      if (typeof call?.[field] !== "string") refuse(`toolCalls: ${field} must be a string`);
    }
  }
}

// What JSON.stringify would drop, change or choke on is refused, so that what is read is what was written.
function assertJson(what: string, value: unknown, above: readonly unknown[] = []): void {
  if (typeof value === "object" && value !== null) {
    if (above.length > 100 || above.includes(value))
      refuse(`${what} must not be endless, or deeper than 100 levels`);
    const prototype: unknown = Object.getPrototypeOf(value);
    const plain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
    if (!plain) refuse(`${what} must be plain JSON`);
    for (const item of Object.values(value)) assertJson(what, item, [...above, value]);
    return;
  }
  const isJson =
    value === null ||
    typeof value === "boolean" ||
    (typeof value === "string" && value.isWellFormed()) ||
    Number.isFinite(value);
  if (!isJson) refuse(`${what} must be plain JSON, not ${String(value)}`);
}
