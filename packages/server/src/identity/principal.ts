import { createHash } from "node:crypto";
import { LOCAL_OWNER } from "@redis-memory-magic/memory/internal";

/** What the caller was authenticated by. */
export type CredentialKind = "none" | "guest" | "key" | "token" | "login";

/** The caller of a request. */
export interface Principal {
  /** The owner of the sessions that the caller sees: a part of every key in Redis. */
  readonly owner: string;
  /** The group whose limits apply; null: the default limits. */
  readonly group: string | null;
  readonly via: CredentialKind;
}

/** The caller of every request without authentication. */
export const LOCAL: Principal = { owner: LOCAL_OWNER, group: null, via: "none" };

const CAN_OWN = /^\P{Cc}{1,128}$/u;
const PREFIX = /^(guest|sha256):/;

/** True if a name can be an account's owner: not a guest's, and not `local`. */
export const isValidOwner = (name: string): boolean =>
  CAN_OWN.test(name) &&
  name.length <= 128 &&
  name.isWellFormed() &&
  name !== LOCAL_OWNER &&
  !PREFIX.test(name);

/** Returns the owner for an identity provider's subject: the subject, or its hash if it cannot be an owner's name. */
export function ownerOfSubject(subject: string): string {
  return isValidOwner(subject) ? subject : `sha256:${createHash("sha256").update(subject).digest("hex")}`;
}
