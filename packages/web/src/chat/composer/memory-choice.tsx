import type { MemoryStrategy, Mode } from "@redis-memory-magic/protocol";
import { useId } from "react";
import { RecallSwitch } from "./recall-switch.tsx";
import "./segments.css";

interface MemoryChoiceProps {
  mode: Mode | null;
  onChange: (mode: Mode) => void;
  memory: MemoryStrategy | undefined;
  onMemory: (memory: MemoryStrategy) => void;
}

/** The switch's own words; the API's words stand beside them. */
const LABELS: Record<Mode, string> = { stateless: "Off", stateful: "On" };
const NAMES: Record<Mode, string> = { stateless: "Stateless", stateful: "Stateful" };

/** The memory switch. */
export function MemoryChoice({ mode, onChange, memory, onMemory }: MemoryChoiceProps) {
  const id = useId();
  return (
    <div className="choice">
      <span className="choice-label" id={id}>
        Memory
      </span>
      <div className="segments" role="radiogroup" aria-labelledby={id}>
        {(["stateless", "stateful"] as const).map((value) => (
          <label key={value} className="segment" data-memory={value === "stateful" || undefined}>
            <input type="radio" name={id} checked={mode === value} onChange={() => onChange(value)} />
            {LABELS[value]} <small>({NAMES[value]})</small>
          </label>
        ))}
      </div>
      <MemoryBadge mode={mode} />
      <RecallSwitch mode={mode} memory={memory} onChange={onMemory} />
    </div>
  );
}

function MemoryBadge({ mode }: { mode: Mode | null }) {
  const label = mode === "stateful" ? "Remembering" : mode === "stateless" ? "No Memory" : "";
  return (
    <span className="badge" role="status" aria-label={label} data-memory={mode === "stateful" || undefined}>
      {label}
    </span>
  );
}
