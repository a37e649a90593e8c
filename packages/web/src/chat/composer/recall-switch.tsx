import type { MemoryStrategy, Mode } from "@redis-memory-magic/protocol";
import { t } from "../../texts/texts.ts";
import { recalls, withRecall } from "../state/memory-strategy.ts";
import "./recall-switch.css";

interface RecallSwitchProps {
  mode: Mode | null;
  /** Absent: the server's default, which recalls. */
  memory: MemoryStrategy | undefined;
  onChange: (memory: MemoryStrategy) => void;
}

/** Whether earlier messages that no longer fit the window are searched for the message's words. */
export function RecallSwitch({ mode, memory, onChange }: RecallSwitchProps) {
  return (
    <label className="recall-switch" title={t.memory.recallHint}>
      <input
        type="checkbox"
        checked={recalls(memory) && mode === "stateful"}
        // Without memory nothing earlier is sent.
        disabled={mode !== "stateful"}
        onChange={(event) => onChange(withRecall(memory, event.target.checked))}
      />
      {t.memory.recall}
    </label>
  );
}
