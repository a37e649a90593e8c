import { showToast } from "../ui/toasts.ts";
import { asApiError } from "./api-error.ts";

/** Runs an action and shows its error, if any, as a toast. */
export async function toastErrors(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    showToast(asApiError(error).message, { tone: "bad" });
  }
}
