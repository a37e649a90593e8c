import { t } from "../texts/texts.ts";
import { Alert, RetryButton } from "./alert.tsx";
import { Dialog } from "./dialog.tsx";
import type { FailedProps } from "./lazy-component.tsx";

/** Stands in for a part that could not be fetched: a dialog for what can be closed, else a note in its place. */
export function LoadError({ onRetry, onClose }: FailedProps) {
  const note = (
    <div role="alert">
      <Alert
        tone="bad"
        icon="warning"
        actions={
          <>
            <RetryButton onClick={onRetry} />
            <button type="button" className="button button-small" onClick={() => location.reload()}>
              {t.common.reload}
            </button>
          </>
        }
      >
        {t.common.partNotLoaded}
      </Alert>
    </div>
  );
  return onClose === undefined ? (
    note
  ) : (
    <Dialog title={t.common.notLoaded} onClose={onClose}>
      {note}
    </Dialog>
  );
}
