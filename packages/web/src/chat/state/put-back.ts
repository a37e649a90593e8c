import { toastErrors } from "../../api/toast-errors.ts";
import { t } from "../../texts/texts.ts";
import { showToast } from "../../ui/toasts.ts";
import type { Conversation } from "./conversation.ts";

/** Stores the messages again that Redis no longer has, and reports what of them could not be. */
export const putBack = (conversation: Conversation): Promise<void> =>
  toastErrors(async () => {
    const lost = await conversation.putBack();
    if (lost > 0) showToast(t.log.putBackWithout(lost), { tone: "bad" });
  });
