import { useRef, useState } from "react";
import { t } from "../../texts/later.ts";
import { CopyIcon } from "../../ui/copy-icon.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Attachments } from "../attachments/attachments.tsx";
import type { BranchPoint } from "../state/branches.ts";
import { isGone } from "../state/expiry.ts";
import type { ShownMessage } from "../state/shown-message.ts";
import { BranchSwitch } from "./branch-switch.tsx";
import { EditForm } from "./edit-form.tsx";
import { KeepButton } from "./keep-button.tsx";
import { type RowActions, wasInRedis } from "./row-actions.ts";

interface UserMessageProps {
  message: ShownMessage;
  branch: BranchPoint | null;
  actions: RowActions;
}

export function UserMessage({ message, branch, actions }: UserMessageProps) {
  const [isEdited, setIsEdited] = useState(false);
  const wasCancelled = useRef(false);
  if (isEdited) {
    return (
      <EditForm
        text={message.content}
        maxChars={actions.maxChars}
        onCancel={() => {
          setIsEdited(false);
          wasCancelled.current = true;
        }}
        onSend={(text) => {
          setIsEdited(false);
          actions.onBranch(message, text);
        }}
      />
    );
  }
  return (
    <>
      <Attachments sessionId={actions.sessionId} attachments={message.attachments} />
      <div className="bubble-line">
        <p className="bubble" dir="auto">
          {message.content}
        </p>
        <span className="row-actions">
          <CopyIcon text={message.content} label={t.rows.copyMessage} />
          {wasInRedis(message) && (
            <>
              <KeepButton message={message} actions={actions} />
              <button
                ref={(button) => {
                  // The field had the focus and is gone.
                  if (wasCancelled.current) button?.focus();
                  wasCancelled.current = false;
                }}
                type="button"
                className="button-icon"
                aria-label={t.rows.editMessage}
                title={t.rows.editHint}
                disabled={isGone(message)}
                onClick={() => setIsEdited(true)}
              >
                <Icon name="edit" size={15} />
              </button>
            </>
          )}
        </span>
      </div>
      {branch !== null && <BranchSwitch point={branch} />}
    </>
  );
}
