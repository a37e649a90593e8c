import type { ProviderStatus } from "@redis-memory-magic/protocol";
import { type ComponentType, lazy, Suspense } from "react";
import { shortNameOf } from "../providers/provider-name.ts";
import type { LiveTurn } from "../stream/live-turn.ts";
import type { ShownMessage, TurnInfo } from "./shown-message.ts";

// Asked for at once, while the conversation itself is fetched: not part of the first load, and there in time.
const loading = import("../markdown/markdown.tsx").then(
  ({ Markdown }) => ({ default: Markdown }),
  // A newer version was deployed, or the network is gone: words can be read without their look.
  () => ({ default: ({ source }: { source: string }) => <p className="answer-plain">{source}</p> }),
);
const Markdown = lazy<ComponentType<{ source: string; streaming: boolean }>>(() => loading);

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
        <div className="answer">
          <Suspense fallback={<p className="answer-plain">{content}</p>}>
            <Markdown source={content} streaming={live !== null} />
          </Suspense>
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
