import type { MemoryStrategy, Mode } from "@redis-memory-magic/protocol";
import { useId } from "react";
import { t } from "../../texts/texts.ts";
import { MODES } from "../state/choice.ts";
import { RecallSwitch } from "./recall-switch.tsx";
import "./segments.css";

interface MemoryChoiceProps {
  mode: Mode | null;
  onChange: (mode: Mode) => void;
  memory: MemoryStrategy | undefined;
  onMemory: (memory: MemoryStrategy) => void;
}

/** The memory switch. */
export function MemoryChoice({ mode, onChange, memory, onMemory }: MemoryChoiceProps) {
  const id = useId();
  return (
    <div className="choice">
      <span className="choice-label" id={id}>
        {t.memory.name}
      </span>
      <div className="segments" role="radiogroup" aria-labelledby={id}>
        {MODES.map((value) => (
          <label key={value} className="segment" data-memory={value === "stateful" || undefined}>
            <input type="radio" name={id} checked={mode === value} onChange={() => onChange(value)} />
            {t.memory.switch[value]} <small>({t.memory.apiNames[value]})</small>
          </label>
        ))}
      </div>
      <MemoryBadge mode={mode} />
      <RecallSwitch mode={mode} memory={memory} onChange={onMemory} />
    </div>
  );
}

function MemoryBadge({ mode }: { mode: Mode | null }) {
  const label = mode === null ? "" : t.memory.badges[mode];
  return (
    <span className="badge" role="status" aria-label={label} data-memory={mode === "stateful" || undefined}>
      {label}
    </span>
  );
}
