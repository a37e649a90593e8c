import { asApiError } from "../api/api-error.ts";
import { notify } from "./notices.ts";

/** Does what a button asks for; says so when the server does not. */
export async function attempt(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    notify(asApiError(error).message, { tone: "bad" });
  }
}
