import type { ApiError } from "../../api/api-error.ts";
import { Alert, RetryButton } from "../../ui/alert.tsx";
import { formatClock } from "../../ui/format.ts";
import { Icon } from "../../ui/icon.tsx";
import { useNow } from "../../ui/use-now.ts";
import type { Outcome } from "../state/conversation-state.ts";

/** Counts down to the earliest time for a retry. */
function RetryLaterButton({ onClick, at }: { onClick: () => void; at: number }) {
  const wait = at - useNow(1000);
  if (wait <= 0) return <RetryButton onClick={onClick} />;
  return (
    <button type="button" className="button button-small figures" disabled>
      <Icon name="clock" size={14} /> Try again in {formatClock(Math.ceil(wait / 1000))}
    </button>
  );
}

/** Explains how a turn ended that did not complete. */
export function OutcomeAlert({ outcome, onRetry }: { outcome: Outcome; onRetry: () => void }) {
  const actions = <RetryButton onClick={onRetry} />;
  switch (outcome.status) {
    case "completed":
      return null;
    case "cancelled":
      return (
        <Alert tone="neutral" icon="stop" actions={actions}>
          Stopped. The answer so far is kept.
        </Alert>
      );
    case "interrupted":
      return (
        <Alert tone="warn" icon="warning" actions={actions}>
          Interrupted: the server lost this answer on the way. What had arrived is kept.
        </Alert>
      );
    case "failed":
      return (
        <Alert tone="bad" icon="warning" actions={actions}>
          {outcome.detail ?? "The answer failed."}
        </Alert>
      );
  }
}

const PAST: Record<Outcome["status"], string> = {
  completed: "",
  cancelled: "Stopped",
  interrupted: "Interrupted",
  failed: "Failed",
};

/** The quiet line of an earlier turn that did not complete. A retry answers its question in a branch. */
export function PastOutcome({ outcome, onRetry }: { outcome: Outcome; onRetry: () => void }) {
  const { status, detail } = outcome;
  return (
    <p className="row-meta row-outcome" data-status={status}>
      <span>{detail === undefined ? PAST[status] : `${PAST[status]}: ${detail}`}</span>
      <button type="button" className="button-text" title="Answer again, in a branch" onClick={onRetry}>
        Try again
      </button>
    </p>
  );
}

interface RefusalNoteProps {
  error: ApiError;
  onResend: () => void;
  onEdit: () => void;
}

/** Explains why a message was refused. Nothing of it is stored. */
export function RefusalAlert({ error, onResend, onEdit }: RefusalNoteProps) {
  const actions = (
    <>
      <RetryLaterButton onClick={onResend} at={error.retryAt} />
      <button type="button" className="button button-small" onClick={onEdit}>
        <Icon name="edit" size={14} /> Edit
      </button>
    </>
  );
  // A rate limit is a warning, not an error.
  const isLimit = error.status === 429;
  return (
    <Alert tone={isLimit ? "warn" : "bad"} icon={isLimit ? "clock" : "warning"} actions={actions}>
      <strong>Not sent{isLimit && " yet"}.</strong> {error.message}
    </Alert>
  );
}
