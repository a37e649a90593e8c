import type { MemoryStrategy, Mode } from "@redis-memory-magic/protocol";
import { DEFAULT_STRATEGY } from "../chat/state/memory-strategy.ts";
import { t } from "../texts/texts.ts";

interface StrategyChoiceProps {
  mode: Mode | undefined;
  /** Absent: the server's default. */
  strategy: MemoryStrategy | undefined;
  onChange: (strategy: MemoryStrategy) => void;
}

/** What is sent of a conversation that does not fit the window. */
export function StrategyChoice({ mode, strategy = DEFAULT_STRATEGY, onChange }: StrategyChoiceProps) {
  return (
    <label className="strategy-choice">
      {t.strategies.name}
      <select
        // Without memory nothing earlier is sent.
        disabled={mode !== "stateful"}
        value={strategy}
        onChange={(event) => onChange(event.target.value as MemoryStrategy)}
      >
        {Object.entries(t.strategies.options).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
