import { t } from "../texts/texts.ts";
import { ApiError } from "./api-error.ts";

/** Sends the content of a file that the user has chosen. @throws ApiError, which names a file of another kind */
export async function importFile<T>(file: File, send: (content: unknown) => Promise<T>): Promise<T> {
  const invalid = (reason: string) => new ApiError("invalid_file", t.errors.invalidFile(file.name, reason));
  let content: unknown;
  try {
    content = JSON.parse(await file.text());
  } catch {
    throw invalid(t.errors.notJson);
  }
  try {
    return await send(content);
  } catch (error) {
    throw error instanceof ApiError && error.code === "invalid_request" ? invalid(error.message) : error;
  }
}
