import type { ApiError } from "../../api/api-error.ts";
import { formatClock } from "../../texts/format.ts";
import { t } from "../../texts/later.ts";
import { Alert, RetryButton } from "../../ui/alert.tsx";
import { Icon } from "../../ui/icon.tsx";
import { useNow } from "../../ui/use-now.ts";
import type { Outcome } from "../state/conversation-state.ts";

/** Counts down to the earliest time for a retry. */
function RetryLaterButton({ onClick, at }: { onClick: () => void; at: number }) {
  const wait = at - useNow(1000);
  if (wait <= 0) return <RetryButton onClick={onClick} />;
  return (
    <button type="button" className="button button-small figures" disabled>
      <Icon name="clock" size={14} /> {t.rows.tryAgainIn(formatClock(Math.ceil(wait / 1000)))}
    </button>
  );
}

interface OutcomeAlertProps {
  outcome: Outcome;
  /** False if the turn ended before the first word. */
  hasText: boolean;
  onRetry: () => void;
}

/** Explains how a turn ended that did not complete. */
export function OutcomeAlert({ outcome, hasText, onRetry }: OutcomeAlertProps) {
  const actions = <RetryButton onClick={onRetry} />;
  switch (outcome.status) {
    case "completed":
      return null;
    case "cancelled":
      return (
        <Alert tone="neutral" icon="stop" actions={actions}>
          {hasText ? t.rows.stopped : t.rows.stoppedEarly}
        </Alert>
      );
    case "interrupted":
      return (
        <Alert tone="warn" icon="warning" actions={actions}>
          {t.rows.interrupted}
        </Alert>
      );
    case "failed":
      return (
        <Alert tone="bad" icon="warning" actions={actions}>
          {outcome.detail ?? t.rows.failed}
        </Alert>
      );
  }
}

/** The quiet line of an earlier turn that did not complete. A retry answers its question in a branch. */
export function PastOutcome({ outcome, onRetry }: { outcome: Outcome; onRetry: () => void }) {
  const { status, detail } = outcome;
  const past = t.rows.outcomes[status];
  return (
    <p className="row-meta row-outcome" data-status={status}>
      <span>{detail === undefined ? past : `${past}: ${detail}`}</span>
      <button type="button" className="button-text" title={t.rows.answerAgain} onClick={onRetry}>
        {t.common.tryAgain}
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
        <Icon name="edit" size={14} /> {t.rows.edit}
      </button>
    </>
  );
  // A rate limit is a warning, not an error.
  const isLimit = error.status === 429;
  return (
    <Alert tone={isLimit ? "warn" : "bad"} icon={isLimit ? "clock" : "warning"} actions={actions}>
      <strong>{isLimit ? t.rows.notSentYet : t.rows.notSent}</strong> {error.message}
    </Alert>
  );
}
