import { t } from "../texts/texts.ts";
import { Alert, RetryButton } from "./alert.tsx";
import { Dialog } from "./dialog.tsx";
import type { FailedProps } from "./lazy-component.tsx";

interface LoadErrorProps extends FailedProps {
  /** True: in the place of the part, also if it can be closed. */
  readonly inPlace?: boolean;
}

/** Stands in for a part that could not be fetched: a dialog for what can be closed, else a note in its place. */
export function LoadError({ onRetry, onClose, inPlace = onClose === undefined }: LoadErrorProps) {
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
            {inPlace && onClose && (
              <button type="button" className="button button-small" onClick={onClose}>
                {t.common.close}
              </button>
            )}
          </>
        }
      >
        {t.common.partNotLoaded}
      </Alert>
    </div>
  );
  return inPlace || onClose === undefined ? (
    note
  ) : (
    <Dialog title={t.common.notLoaded} onClose={onClose}>
      {note}
    </Dialog>
  );
}
