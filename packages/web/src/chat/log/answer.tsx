import { useState } from "react";
import { Markdown } from "../../markdown/markdown.tsx";
import { formatDuration } from "../../texts/format.ts";
import { t } from "../../texts/later.ts";
import { CopyIcon } from "../../ui/copy-icon.tsx";
import { ErrorBoundary } from "../../ui/error-boundary.tsx";
import { Icon } from "../../ui/icon.tsx";
import { useNow } from "../../ui/use-now.ts";
import { Attachments } from "../attachments/attachments.tsx";
import { isGone } from "../state/expiry.ts";
import { shortNameOf } from "../state/provider-name.ts";
import type { ShownMessage, TurnInfo } from "../state/shown-message.ts";
import type { LiveTurn } from "../stream/live-turn.ts";
import { AnswerNotes } from "./answer-notes.tsx";
import { KeepButton } from "./keep-button.tsx";
import { type RowActions, wasInRedis } from "./row-actions.ts";
import { Thought } from "./thought.tsx";
import { ToolCalls } from "./tool-calls.tsx";

interface AnswerProps {
  message: ShownMessage;
  live: LiveTurn | null;
  reconnecting: boolean;
  isLast: boolean;
  actions: RowActions;
}

export function Answer({ message, live, reconnecting, isLast, actions }: AnswerProps) {
  const { content, turn, delivery } = message;
  return (
    <>
      {message.reasoning !== "" && <Thought text={message.reasoning} />}
      <Attachments sessionId={actions.sessionId} attachments={message.attachments} />
      {content !== "" && (
        <div className="answer">
          <ErrorBoundary fallback={<p className="log-plain">{content}</p>}>
            <Markdown source={content} streaming={live !== null} />
          </ErrorBoundary>
        </div>
      )}
      <ToolCalls calls={message.calls} />
      {live === null && turn !== undefined && <AnswerNotes turn={turn} isLast={isLast} actions={actions} />}
      {live !== null ? (
        <LiveState phase={live.phase} reconnecting={reconnecting} />
      ) : (
        <p className="row-meta">
          {turn !== undefined && <AnsweredBy turn={turn} delivery={delivery} actions={actions} />}
          {delivery === "not-stored" && <span className="row-warning">{t.rows.notStored}</span>}
          <span className="row-actions">
            {content !== "" && <CopyIcon text={content} label={t.rows.copyAnswer} />}
            {content !== "" && wasInRedis(message) && <KeepButton message={message} actions={actions} />}
            {turn !== undefined && wasInRedis(message) && (
              <button
                type="button"
                className="button-icon"
                disabled={isGone(message)}
                aria-label={t.rows.regenerate}
                title={t.rows.regenerateHint}
                onClick={() => actions.onRegenerate(turn.id)}
              >
                <Icon name="retry" size={15} />
              </button>
            )}
          </span>
        </p>
      )}
    </>
  );
}

interface AnsweredByProps {
  turn: TurnInfo;
  delivery: ShownMessage["delivery"];
  actions: RowActions;
}

/** Mode, provider, model, duration, and the button that opens the inspector. */
function AnsweredBy({ turn, delivery, actions }: AnsweredByProps) {
  const wasStored = delivery !== "not-stored";
  const isOver = isGone({ delivery });
  return (
    <>
      <span>
        {t.memory.states[turn.mode]} · {shortNameOf(actions.providers, turn.provider)}
      </span>
      {turn.model !== turn.provider && <span>{turn.model}</span>}
      {turn.total_ms !== undefined && <span className="figures">{formatDuration(turn.total_ms)}</span>}
      {wasStored && actions.onCompareMemory !== null && (
        <button
          type="button"
          className="button-text"
          disabled={isOver}
          onClick={() => actions.onCompareMemory?.(turn.id)}
        >
          {t.common.sameQuestion[turn.mode]}
        </button>
      )}
      {wasStored && (
        <button
          type="button"
          className="button-text"
          disabled={isOver}
          onClick={() => actions.onInspect(turn.id)}
        >
          {turn.sent_messages === undefined
            ? t.header.xray
            : t.rows.xraySent(turn.sent_messages, turn.recalled_messages ?? 0)}
        </button>
      )}
    </>
  );
}

/** A wait that is this long is shown in seconds. */
const SHOWN_AFTER_S = 3;

function LiveState({ phase, reconnecting }: { phase: LiveTurn["phase"]; reconnecting: boolean }) {
  const text = reconnecting ? t.rows.reconnecting : t.rows.phases[phase];
  const [since] = useState(Date.now);
  const seconds = Math.floor((useNow(1000) - since) / 1000);
  if (text === "") return null;
  return (
    <p className="row-meta live-state" data-warning={reconnecting || undefined}>
      <span>{text}</span>
      {seconds >= SHOWN_AFTER_S && !reconnecting && <span className="figures">{seconds} s</span>}
      <span className="live-dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
    </p>
  );
}
