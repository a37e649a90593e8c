import { type KeyboardEvent, type ReactNode, type RefObject, useId } from "react";
import { t } from "../../texts/texts.ts";
import { Icon } from "../../ui/icon.tsx";
import { isComposing } from "../../ui/is-composing.ts";
import type { WaitingMessage } from "../state/conversation-state.ts";
import "./composer.css";
import { lengthError } from "../state/message-length.ts";
import { AttachButton } from "./attach-button.tsx";
import { StopButton } from "./stop-button.tsx";
import { WaitingList } from "./waiting-list.tsx";

export interface Blocked {
  readonly reason: string;
  /** True if the reason passes by itself: a message that is sent meanwhile is queued. */
  readonly isShort: boolean;
}

interface ComposerProps {
  draft: string;
  onDraft: (text: string) => void;
  maxChars: number;
  onSend: () => void;
  /** Why the message cannot be sent yet; null if it can. */
  blocked: Blocked | null;
  running: boolean;
  stopping: boolean;
  onStop: () => void;
  waiting: readonly WaitingMessage[];
  onDiscardWaiting: (key: string) => void;
  onSendWaiting: () => void;
  /** What the draft carries beside its text. */
  attachments: ReactNode;
  onFiles: (files: readonly File[]) => void;
  /** True if images are taken too. */
  takesImages: boolean;
  /** What sending does. */
  summary: ReactNode;
  /** True if the memory line continues into the composer. */
  connected: boolean;
  input: RefObject<HTMLTextAreaElement | null>;
  /** The model menu, if the provider has several. */
  model: ReactNode;
  /** Problems, shown above the text box. */
  notes: ReactNode;
}

export function Composer(props: ComposerProps) {
  const { draft, onDraft, maxChars, onSend, blocked, running, stopping, onStop, summary, connected, input } =
    props;
  const hint = useId();
  const tooLong = lengthError(draft, maxChars);
  const canSend = draft.trim() !== "" && tooLong === null && blocked?.isShort !== false;

  function onKeyDown(event: KeyboardEvent) {
    // While an input method composes text, Enter belongs to it.
    if (isComposing(event.nativeEvent)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (canSend) onSend();
    }
  }

  return (
    <div className="composer-area">
      <div className="composer-frame" data-connected={connected || undefined}>
        <div className="composer-notes" role="alert">
          {props.notes}
        </div>
        <WaitingList
          waiting={props.waiting}
          running={running}
          onDiscard={props.onDiscardWaiting}
          onSendNow={props.onSendWaiting}
        />
        <form
          className="composer"
          data-running={running || undefined}
          onSubmit={(event) => {
            event.preventDefault();
            if (canSend) onSend();
          }}
        >
          <span className="composer-dot" />
          {props.attachments}
          <textarea
            ref={input}
            aria-label={t.common.message}
            data-message
            aria-describedby={hint}
            aria-invalid={tooLong !== null}
            placeholder={t.composer.placeholder}
            dir="auto"
            rows={1}
            enterKeyHint="send"
            value={draft}
            onChange={(event) => onDraft(event.target.value)}
            onKeyDown={onKeyDown}
            onPaste={(event) => {
              const { files } = event.clipboardData;
              if (files.length === 0) return;
              event.preventDefault();
              props.onFiles([...files]);
            }}
          />
          <div className="composer-foot">
            <AttachButton takesImages={props.takesImages} onFiles={props.onFiles} />
            <div className="composer-summary dotted figures" id={hint}>
              {tooLong !== null ? (
                <span className="composer-problem">{tooLong}</span>
              ) : blocked === null ? (
                summary
              ) : (
                <span>{blocked.reason}</span>
              )}
            </div>
            {props.model}
            {running && <StopButton onStop={onStop} disabled={stopping} />}
            {(!running || draft.trim() !== "") && (
              <button type="submit" className="button button-strong" disabled={!canSend}>
                <span className="button-label">{t.common.send}</span> <Icon name="send" size={16} />
              </button>
            )}
          </div>
        </form>
      </div>
    </div>
  );
}
