import { ApiError } from "./api-error.ts";

/** Reads a file that the user has chosen. @throws ApiError for one that is not JSON */
export async function readJsonFile(file: File): Promise<unknown> {
  try {
    return JSON.parse(await file.text());
  } catch {
    throw new ApiError("invalid_file", `${file.name} is not a file that was exported here: it is not JSON.`);
  }
}
