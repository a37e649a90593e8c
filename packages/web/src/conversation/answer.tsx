import type { ProviderStatus } from "@redis-memory-magic/protocol";
import { shortNameOf } from "../providers/provider-name.ts";
import type { LiveTurn } from "../stream/live-turn.ts";
import type { ShownMessage, TurnInfo } from "./shown-message.ts";

interface AnswerProps {
  message: ShownMessage;
  live: LiveTurn | null;
  reconnecting: boolean;
  providers: readonly ProviderStatus[];
}

export function Answer({ message, live, reconnecting, providers }: AnswerProps) {
  const { content, turn, delivery } = message;
  return (
    <>
      {content !== "" && (
        <div className="answer" dir="auto">
          {content}
        </div>
      )}
      {live !== null ? (
        <LiveState phase={live.phase} reconnecting={reconnecting} />
      ) : (
        <p className="row-meta">
          {turn !== undefined && <AnsweredBy turn={turn} providers={providers} />}
          {delivery === "not-stored" && (
            <span className="row-warning">Not stored: Redis is away, so this will not be remembered</span>
          )}
        </p>
      )}
    </>
  );
}

/** By which mode, provider and model. */
function AnsweredBy({ turn, providers }: { turn: TurnInfo; providers: readonly ProviderStatus[] }) {
  const mode = turn.mode === "stateful" ? "Stateful" : "Stateless";
  return (
    <>
      <span>
        {mode} · {shortNameOf(providers, turn.provider)}
      </span>
      {turn.model !== turn.provider && <span>{turn.model}</span>}
    </>
  );
}

const PHASES: Record<LiveTurn["phase"], string> = {
  sending: "Sending",
  waiting: "Waiting for the first word",
  thinking: "Thinking",
  streaming: "",
  ended: "",
};

function LiveState({ phase, reconnecting }: { phase: LiveTurn["phase"]; reconnecting: boolean }) {
  const words = reconnecting ? "The connection was lost. Connecting again" : PHASES[phase];
  if (words === "") return null;
  return (
    <p className="row-meta live-state" data-warning={reconnecting || undefined}>
      <span>{words}</span>
      <span className="live-dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
    </p>
  );
}
