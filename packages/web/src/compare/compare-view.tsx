import type { ProviderStatus } from "@redis-memory-magic/protocol";
import { useEffect, useEffectEvent, useReducer, useState } from "react";
import { PricedAs } from "../chat/composer/priced-as.tsx";
import "../chat/composer/next-step.css";
import { MessageList } from "../chat/log/conversation-log.tsx";
import type { Choice } from "../chat/state/choice.ts";
import type { ConversationState } from "../chat/state/conversation-state.ts";
import { newGroup } from "../chat/state/session-id.ts";
import { turnsOf } from "../chat/state/session-totals.ts";
import { usePricing } from "../chat/state/use-pricing.ts";
import { formatCount } from "../texts/format.ts";
import { t } from "../texts/later.ts";
import { Icon } from "../ui/icon.tsx";
import { CompareChart } from "./compare-chart.tsx";
import { CompareComposer } from "./compare-composer.tsx";
import { firstLanes, type Lane, MAX_LANES, newLane, nextMemory } from "./lane.ts";
import { LaneColumn } from "./lane-column.tsx";
import { sendToLanes } from "./send-to-lanes.ts";
import "./compare.css";

interface CompareViewProps {
  providers: readonly ProviderStatus[];
  maxChars: number;
  choice: Choice;
  onOpen: (sessionId: string) => void;
  /** Called when a lane's turn has ended: its session is new, or has more messages. */
  onTurn: () => void;
  onClose: () => void;
}

const WINDOWS = [512, 1024, 2048, 4096];

/** Sends one prompt to several configurations, to compare answers and cost. */
export function CompareView({ providers, maxChars, choice, onOpen, onTurn, onClose }: CompareViewProps) {
  const [group] = useState(() => newGroup("compare"));
  const [lanes, setLanes] = useState(() => firstLanes(choice, group));
  const [window, setWindow] = useState<number>();
  const pricing = usePricing(providers);
  useLaneUpdates(lanes);
  const states = lanes.map(({ conversation }) => conversation.store.get());
  // Until all lanes have been sent a message; null: none is.
  const [sending, setSending] = useState<AbortController | null>(null);
  const running = sending !== null || states.some(({ live }) => live !== null);
  const turns = states.reduce((sum, { messages }) => sum + turnsOf(messages).length, 0);
  const report = useEffectEvent(onTurn);
  useEffect(() => {
    if (turns > 0) report();
  }, [turns]);
  useEffect(() => {
    // While lanes answer, the browser may have no connection left for them.
    MessageList.preload();
    void import("../chat/stream/read-turn.ts").catch(() => {});
  }, []);
  const prompt = nextPrompt(states);
  const send = (text: string) => {
    const stop = new AbortController();
    setSending(stop);
    void sendToLanes(lanes, text, { window, signal: stop.signal }).then(() => setSending(null));
  };

  const change = (changed: Lane, part: Partial<Lane>) =>
    setLanes(lanes.map((lane) => (lane === changed ? { ...lane, ...part } : lane)));

  function remove(lane: Lane) {
    lane.conversation.close();
    setLanes(lanes.filter(({ key }) => key !== lane.key));
  }

  return (
    <main className="compare-view">
      <header className="compare-head">
        <h1>{t.common.sideBySide}</h1>
        <label className="compare-window" title={t.compare.windowHint}>
          {t.compare.window}
          <select
            value={window ?? ""}
            onChange={({ target }) => setWindow(target.value === "" ? undefined : Number(target.value))}
          >
            <option value="">{t.compare.modelWindow}</option>
            {WINDOWS.map((tokens) => (
              <option key={tokens} value={tokens}>
                {formatCount(tokens)}
              </option>
            ))}
          </select>
        </label>
        <PricedAs providers={providers} />
        <button
          type="button"
          className="button button-small"
          disabled={lanes.length >= MAX_LANES}
          onClick={() => setLanes([...lanes, newLane(choice, nextMemory(lanes), group)])}
        >
          <Icon name="plus" size={14} /> {t.compare.lane}
        </button>
        <button type="button" className="button-icon" aria-label={t.compare.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div className="compare-lanes">
        {lanes.map((lane) => (
          <LaneColumn
            key={lane.key}
            lane={lane}
            window={window}
            providers={providers}
            maxChars={maxChars}
            canRemove={lanes.length > 1}
            onChange={(part) => change(lane, { choice: { ...lane.choice, ...part } })}
            onMemory={(memory) => change(lane, { memory })}
            onRemove={() => remove(lane)}
            onOpen={onOpen}
          />
        ))}
      </div>
      {turns > 0 && <CompareChart lanes={lanes} providers={providers} pricing={pricing} />}
      {prompt !== undefined && !running && (
        <p className="next-step">
          <button type="button" className="button" onClick={() => send(prompt)}>
            {t.compare.tryPrompt(prompt)} <Icon name="send" size={14} />
          </button>
        </p>
      )}
      <CompareComposer
        running={running}
        maxChars={maxChars}
        onSend={send}
        onStop={() => {
          sending?.abort();
          for (const { conversation } of lanes) conversation.stop().catch(() => {});
        }}
      />
    </main>
  );
}

/** Returns the next prompt to try, as long as only these were sent. */
function nextPrompt([first]: readonly ConversationState[]): string | undefined {
  const sent = first?.messages.filter(({ role }) => role === "user") ?? [];
  const { prompts } = t.compare;
  return sent.every(({ content }, index) => content === prompts[index]) ? prompts[sent.length] : undefined;
}

/** Renders the caller when any lane changes. */
function useLaneUpdates(lanes: readonly Lane[]): void {
  const [, update] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const ends = lanes.map(({ conversation }) => conversation.store.subscribe(update));
    return () => {
      for (const end of ends) end();
    };
  }, [lanes]);
}
