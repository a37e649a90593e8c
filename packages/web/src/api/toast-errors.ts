import { showToast } from "../ui/toasts.ts";
import { asApiError } from "./api-error.ts";

/** Does what a button asks for; says so when the server does not. */
export async function toastErrors(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    showToast(asApiError(error).message, { tone: "bad" });
  }
}
