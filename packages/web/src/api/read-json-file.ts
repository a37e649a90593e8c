import { t } from "../texts/texts.ts";
import { ApiError } from "./api-error.ts";

/** Reads a file that the user has chosen. @throws ApiError for one that is not JSON */
export async function readJsonFile(file: File): Promise<unknown> {
  try {
    return JSON.parse(await file.text());
  } catch {
    throw new ApiError("invalid_file", t.errors.invalidFile(file.name));
  }
}
