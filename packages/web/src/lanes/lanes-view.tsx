import type { ProviderStatus } from "@redis-memory-magic/protocol";
import { useEffect, useReducer, useState } from "react";
import type { Choice } from "../choice/choice.ts";
import { Icon } from "../icons/icon.tsx";
import { usePricing } from "../pricing/use-pricing.ts";
import { firstLanes, type Lane, MOST_LANES, newLane } from "./lane.ts";
import { LaneColumn } from "./lane-column.tsx";
import { LanesChart } from "./lanes-chart.tsx";
import { LanesComposer } from "./lanes-composer.tsx";
import "./lanes.css";

interface LanesViewProps {
  providers: readonly ProviderStatus[];
  maxChars: number;
  choice: Choice;
  onOpen: (sessionId: string) => void;
  onClose: () => void;
}

/** One prompt, several ways to answer it: what memory gives, and what it costs. */
export function LanesView({ providers, maxChars, choice, onOpen, onClose }: LanesViewProps) {
  const [lanes, setLanes] = useState(() => firstLanes(choice));
  const pricing = usePricing(providers);
  useLaneUpdates(lanes);
  const running = lanes.some(({ conversation }) => conversation.store.get().live !== null);

  const change = (key: string, part: Partial<Choice>) =>
    setLanes(
      lanes.map((lane) => (lane.key === key ? { ...lane, choice: { ...lane.choice, ...part } } : lane)),
    );

  function remove(lane: Lane) {
    lane.conversation.close();
    setLanes(lanes.filter(({ key }) => key !== lane.key));
  }

  return (
    <main className="lanes-view">
      <header className="lanes-head">
        <h1>Side by side</h1>
        <button
          type="button"
          className="button button-small"
          disabled={lanes.length >= MOST_LANES}
          onClick={() => setLanes([...lanes, newLane(choice)])}
        >
          <Icon name="plus" size={14} /> Lane
        </button>
        <button type="button" className="button-icon" aria-label="Close side by side" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div className="lanes">
        {lanes.map((lane) => (
          <LaneColumn
            key={lane.key}
            lane={lane}
            providers={providers}
            maxChars={maxChars}
            canRemove={lanes.length > 1}
            onChange={(part) => change(lane.key, part)}
            onRemove={() => remove(lane)}
            onOpen={onOpen}
          />
        ))}
      </div>
      <LanesChart lanes={lanes} providers={providers} pricing={pricing} />
      <LanesComposer
        running={running}
        maxChars={maxChars}
        onSend={(text) => {
          for (const { conversation, choice: own } of lanes) conversation.send(text, own);
        }}
        onStop={() => {
          for (const { conversation } of lanes) conversation.stop().catch(() => {});
        }}
      />
    </main>
  );
}

/** Renders again when any lane changes. */
function useLaneUpdates(lanes: readonly Lane[]): void {
  const [, update] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const ends = lanes.map(({ conversation }) => conversation.store.subscribe(update));
    return () => {
      for (const end of ends) end();
    };
  }, [lanes]);
}
