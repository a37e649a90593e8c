import { t } from "../../texts/later.ts";
import { Icon } from "../../ui/icon.tsx";
import { isGone } from "../state/expiry.ts";
import type { ShownMessage } from "../state/shown-message.ts";
import type { RowActions } from "./row-actions.ts";

export function KeepButton({ message, actions }: { message: ShownMessage; actions: RowActions }) {
  const { onKeep } = actions;
  if (onKeep === null) return null;
  return (
    <button
      type="button"
      className="button-icon"
      aria-label={t.notes.keepMessage}
      title={t.notes.keepMessageHint}
      disabled={isGone(message)}
      onClick={() => onKeep(message)}
    >
      <Icon name="note" size={15} />
    </button>
  );
}
