import type { Session } from "@redis-memory-magic/protocol";
import { ApiError } from "../api/api-error.ts";
import { exportSession, importSession } from "../api/endpoints.ts";
import { titleOf } from "./session-title.ts";

/** Saves a session as a file. @throws ApiError */
export async function saveSession(session: Session, format: "json" | "markdown"): Promise<void> {
  const file = await exportSession(session.id, format);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${fileName(titleOf(session))}.${format === "json" ? "json" : "md"}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Imports a file that `saveSession` wrote. @throws ApiError, also for other files */
export async function loadSession(file: File): Promise<Session> {
  let exported: unknown;
  try {
    exported = JSON.parse(await file.text());
  } catch {
    throw new ApiError("invalid_file", `${file.name} is no export of a session: it is not JSON.`);
  }
  return importSession(exported, null);
}

/** Returns a file name that every file system accepts. */
export function fileName(title: string): string {
  const name = title
    .replace(/[\p{Cc}/\\:*?"<>|]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 60);
  return name === "" ? "session" : name;
}
