import type { ReactNode } from "react";
import type { ApiError } from "../api/api-error.ts";
import { formatClock } from "../format/format.ts";
import { Icon, type IconName } from "../icons/icon.tsx";
import { useNow } from "../time/use-now.ts";
import "./notes.css";
import type { Outcome } from "./conversation-state.ts";

interface NoteProps {
  tone: "neutral" | "warn" | "bad";
  icon: IconName;
  children: ReactNode;
  actions?: ReactNode;
}

/** What happened, where the person looks, and what can be done about it. */
export function Note({ tone, icon, children, actions }: NoteProps) {
  return (
    <div className="note" data-tone={tone}>
      <Icon name={icon} size={16} />
      <p>{children}</p>
      {actions}
    </div>
  );
}

export function TryAgain({ onClick }: { onClick: () => void }) {
  return (
    <button type="button" className="button button-small" onClick={onClick}>
      <Icon name="retry" size={14} /> Try again
    </button>
  );
}

/** Counts down to when trying again is worth it. */
function TryAgainLater({ onClick, at }: { onClick: () => void; at: number }) {
  const wait = at - useNow(1000);
  if (wait <= 0) return <TryAgain onClick={onClick} />;
  return (
    <button type="button" className="button button-small figures" disabled>
      <Icon name="clock" size={14} /> Try again in {formatClock(Math.ceil(wait / 1000))}
    </button>
  );
}

/** A turn that did not end well. */
export function OutcomeNote({ outcome, onRetry }: { outcome: Outcome; onRetry: () => void }) {
  const actions = <TryAgain onClick={onRetry} />;
  switch (outcome.status) {
    case "completed":
      return null;
    case "cancelled":
      return (
        <Note tone="neutral" icon="stop" actions={actions}>
          Stopped. What was said so far is kept.
        </Note>
      );
    case "interrupted":
      return (
        <Note tone="warn" icon="warning" actions={actions}>
          Interrupted: the server lost this answer on the way. What had arrived is kept.
        </Note>
      );
    case "failed":
      return (
        <Note tone="bad" icon="warning" actions={actions}>
          {outcome.detail ?? "The answer failed."}
        </Note>
      );
  }
}

interface RefusalNoteProps {
  error: ApiError;
  onResend: () => void;
  onEdit: () => void;
}

/** A message that was not taken: nothing of it is stored. */
export function RefusalNote({ error, onResend, onEdit }: RefusalNoteProps) {
  const actions = (
    <>
      <TryAgainLater onClick={onResend} at={error.retryAt} />
      <button type="button" className="button button-small" onClick={onEdit}>
        <Icon name="edit" size={14} /> Edit
      </button>
    </>
  );
  // A limit is no fault of anybody's.
  const isLimit = error.status === 429;
  return (
    <Note tone={isLimit ? "warn" : "bad"} icon={isLimit ? "clock" : "warning"} actions={actions}>
      <strong>Not sent{isLimit && " yet"}.</strong> {error.message}
    </Note>
  );
}
