import { createHash } from "node:crypto";
import { LOCAL_OWNER } from "@redis-memory-magic/memory/internal";

/** How somebody has shown who he is. */
export type AuthMethod = "none" | "guest" | "key" | "token" | "login";

/** Who makes a request. */
export interface Principal {
  /** Whose sessions he sees: a part of every key in Redis. */
  readonly owner: string;
  /** The group whose limits apply to him; null: those for everybody. */
  readonly group: string | null;
  readonly via: AuthMethod;
}

/** Everybody, where there is no authentication. */
export const LOCAL: Principal = { owner: LOCAL_OWNER, group: null, via: "none" };

const CAN_OWN = /^\P{Cc}{1,128}$/u;
const PREFIX = /^(guest|sha256):/;

/** Whether a name can be somebody's who has an account: no guest's, and not that of everybody. */
export const isValidOwner = (name: string): boolean =>
  CAN_OWN.test(name) &&
  name.length <= 128 &&
  name.isWellFormed() &&
  name !== LOCAL_OWNER &&
  !PREFIX.test(name);

/** The owner that stands for an identity provider's subject: its own name, or a hash where that cannot be one. */
export function ownerOfSubject(subject: string): string {
  return isValidOwner(subject) ? subject : `sha256:${createHash("sha256").update(subject).digest("hex")}`;
}
