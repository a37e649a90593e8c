import { damaged } from "./errors.ts";

/**
 * Reads JSON that this library has stored.
 * @param isSuch whether it is what is stored there
 * @throws MemoryError `damaged`
 */
export function parseStored<Value>(json: string, isSuch: (value: unknown) => boolean): Value {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw damaged(error);
  }
  if (!isSuch(value)) throw damaged();
  return value as Value;
}
