import type { ProviderStatus } from "@redis-memory-magic/protocol";
import { useEffect, useReducer, useState } from "react";
import type { Choice } from "../chat/state/choice.ts";
import { usePricing } from "../chat/state/use-pricing.ts";
import { t } from "../texts/later.ts";
import { Icon } from "../ui/icon.tsx";
import { CompareChart } from "./compare-chart.tsx";
import { CompareComposer } from "./compare-composer.tsx";
import { firstLanes, type Lane, MAX_LANES, newLane } from "./lane.ts";
import { LaneColumn } from "./lane-column.tsx";
import "./compare.css";

interface CompareViewProps {
  providers: readonly ProviderStatus[];
  maxChars: number;
  choice: Choice;
  onOpen: (sessionId: string) => void;
  onClose: () => void;
}

/** Sends one prompt to several configurations, to compare answers and cost. */
export function CompareView({ providers, maxChars, choice, onOpen, onClose }: CompareViewProps) {
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
    <main className="compare-view">
      <header className="compare-head">
        <h1>{t.common.sideBySide}</h1>
        <button
          type="button"
          className="button button-small"
          disabled={lanes.length >= MAX_LANES}
          onClick={() => setLanes([...lanes, newLane(choice)])}
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
            providers={providers}
            maxChars={maxChars}
            canRemove={lanes.length > 1}
            onChange={(part) => change(lane.key, part)}
            onRemove={() => remove(lane)}
            onOpen={onOpen}
          />
        ))}
      </div>
      <CompareChart lanes={lanes} providers={providers} pricing={pricing} />
      <CompareComposer
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
