import { type KeyboardEvent, useState } from "react";
import { StopButton } from "../chat/composer/stop-button.tsx";
import { lengthError } from "../chat/state/message-length.ts";
import { t } from "../texts/later.ts";
import { Icon } from "../ui/icon.tsx";
import { isComposing } from "../ui/is-composing.ts";

interface CompareComposerProps {
  running: boolean;
  maxChars: number;
  onSend: (text: string) => void;
  onStop: () => void;
}

/** One prompt for all lanes. */
export function CompareComposer({ running, maxChars, onSend, onStop }: CompareComposerProps) {
  const [draft, setDraft] = useState("");
  const tooLong = lengthError(draft, maxChars);
  const canSend = draft.trim() !== "" && tooLong === null && !running;

  function send() {
    if (!canSend) return;
    onSend(draft);
    setDraft("");
  }

  function onKeyDown(event: KeyboardEvent) {
    if (isComposing(event.nativeEvent)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  }

  return (
    <form
      className="compare-composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        aria-label={t.common.message}
        data-message
        placeholder={t.compare.placeholder}
        dir="auto"
        rows={1}
        aria-invalid={tooLong !== null}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {tooLong !== null && (
        <p className="composer-problem" role="status">
          {tooLong}
        </p>
      )}
      {running ? (
        <StopButton onStop={onStop} />
      ) : (
        <button type="submit" className="button button-strong" disabled={!canSend}>
          {t.common.send} <Icon name="send" size={16} />
        </button>
      )}
    </form>
  );
}
