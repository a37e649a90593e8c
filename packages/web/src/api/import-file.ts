import { t } from "../texts/texts.ts";
import { ApiError } from "./api-error.ts";

/** Sends the content of a file that the user has chosen. @throws ApiError, which names a file of another kind */
export async function importFile<T>(file: File, send: (content: unknown) => Promise<T>): Promise<T> {
  try {
    return await send(JSON.parse(await file.text()));
  } catch (error) {
    const isRefused = error instanceof ApiError && error.code === "invalid_request";
    if (!isRefused && !(error instanceof SyntaxError)) throw error;
    const reason = isRefused ? error.message : t.errors.notJson;
    throw new ApiError("invalid_file", t.errors.invalidFile(file.name, reason));
  }
}
