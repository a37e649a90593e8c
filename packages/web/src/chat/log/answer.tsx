import { useState } from "react";
import { Markdown } from "../../markdown/markdown.tsx";
import { CopyIcon } from "../../ui/copy-icon.tsx";
import { formatDuration, plural } from "../../ui/format.ts";
import { Icon } from "../../ui/icon.tsx";
import { useNow } from "../../ui/use-now.ts";
import { Attachments } from "../attachments/attachments.tsx";
import { shortNameOf } from "../state/provider-name.ts";
import type { ShownMessage, TurnInfo } from "../state/shown-message.ts";
import type { LiveTurn } from "../stream/live-turn.ts";
import { AnswerNotes } from "./answer-notes.tsx";
import { KeepButton } from "./keep-button.tsx";
import type { RowActions } from "./row-actions.ts";
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
          <Markdown source={content} streaming={live !== null} />
        </div>
      )}
      <ToolCalls calls={message.calls} />
      {live === null && turn !== undefined && <AnswerNotes turn={turn} isLast={isLast} actions={actions} />}
      {live !== null ? (
        <LiveState phase={live.phase} reconnecting={reconnecting} />
      ) : (
        <p className="row-meta">
          {turn !== undefined && (
            <AnsweredBy
              turn={turn}
              isStored={delivery !== "not-stored" && delivery !== "gone"}
              actions={actions}
            />
          )}
          {delivery === "not-stored" && (
            <span className="row-warning">Not stored: Redis is away, so this will not be remembered</span>
          )}
          <span className="row-actions">
            {content !== "" && <CopyIcon text={content} label="Copy answer" />}
            {content !== "" && message.id !== null && delivery === "stored" && (
              <KeepButton message={message} actions={actions} />
            )}
            {turn !== undefined && delivery === "stored" && (
              <button
                type="button"
                className="button-icon"
                aria-label="Regenerate"
                title="Regenerate: answer again, as a branch"
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
  /** True if its context report can be fetched. */
  isStored: boolean;
  actions: RowActions;
}

/** Mode, provider, model, duration, and the button that opens the inspector. */
function AnsweredBy({ turn, isStored, actions }: AnsweredByProps) {
  const mode = turn.mode === "stateful" ? "Stateful" : "Stateless";
  return (
    <>
      <span>
        {mode} · {shortNameOf(actions.providers, turn.provider)}
      </span>
      {turn.model !== turn.provider && <span>{turn.model}</span>}
      {turn.total_ms !== undefined && <span className="figures">{formatDuration(turn.total_ms)}</span>}
      {isStored && actions.onCompareMemory !== null && (
        <button type="button" className="button-text" onClick={() => actions.onCompareMemory?.(turn.id)}>
          Same question {turn.mode === "stateful" ? "without" : "with"} memory
        </button>
      )}
      {isStored && (
        <button type="button" className="button-text" onClick={() => actions.onInspect(turn.id)}>
          {turn.sent_messages === undefined
            ? "X-ray"
            : `X-ray: ${plural(turn.sent_messages, "message")} sent`}
        </button>
      )}
    </>
  );
}

const PHASES: Record<LiveTurn["phase"], string> = {
  sending: "Sending",
  waiting: "Waiting for the first word",
  thinking: "Thinking",
  loading: "The model is being loaded",
  queued: "Waiting until the model has answered others",
  streaming: "",
  ended: "",
};

/** A wait that is this long is shown in seconds. */
const SHOWN_AFTER_S = 3;

function LiveState({ phase, reconnecting }: { phase: LiveTurn["phase"]; reconnecting: boolean }) {
  const text = reconnecting ? "The connection was lost. Connecting again" : PHASES[phase];
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
