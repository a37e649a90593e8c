import type { Session } from "@redis-memory-magic/protocol";
import { exportSession, importSession } from "../api/endpoints.ts";
import { importFile } from "../api/import-file.ts";
import { downloadFile } from "../ui/download-file.ts";
import { titleOf } from "./session-title.ts";

/** Saves a session as a file. @throws ApiError */
export async function saveSession(session: Session, format: "json" | "markdown"): Promise<void> {
  const file = await exportSession(session.id, format);
  downloadFile(file, `${fileName(titleOf(session))}.${format === "json" ? "json" : "md"}`);
}

/** Imports a file that `saveSession` wrote. @throws ApiError, also for other files */
export async function loadSession(file: File): Promise<Session> {
  return importFile(file, (content) => importSession(content, null));
}

/** Returns a file name that every file system accepts. */
export function fileName(title: string): string {
  const name = title
    .replace(/[\p{Cc}/\\:*?"<>|]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
  // By characters: half of an emoji cannot be shown.
  const short = [...name].slice(0, 60).join("").trimEnd();
  return short === "" ? "session" : short;
}
