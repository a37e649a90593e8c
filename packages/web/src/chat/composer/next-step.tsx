import type { Mode, ProviderStatus } from "@redis-memory-magic/protocol";
import { t } from "../../texts/texts.ts";
import { Icon } from "../../ui/icon.tsx";
import { shortName } from "../state/provider-name.ts";
import { nextStep, type Question } from "../state/scenarios.ts";
import type { Chat } from "../state/use-chat.ts";
import "./next-step.css";

interface NextStepChipProps {
  chat: Chat;
  onCompareMemory: (turnId: string) => void;
}

/** Offers the next step of a scenario above the message box. */
export function NextStepChip({ chat, onCompareMemory }: NextStepChipProps) {
  const { state, choice, providers, conversation, choose } = chat;
  const step = nextStep(state);
  if (step === null || choice === null) return null;
  if ("compare" in step) {
    return <Chip label={t.common.sameQuestion[step.mode]} onClick={() => onCompareMemory(step.compare)} />;
  }
  const { message, mode, isForOther } = step.ask;
  const other = isForOther && providers.find(({ id, available }) => available && id !== choice.provider);
  return (
    <Chip
      label={labelOf(step.ask, step.mode, other || undefined)}
      onClick={() => {
        choose({ mode, ...(other && { provider: other.id }) });
        const provider = other ? { provider: other.id, model: undefined } : {};
        conversation.send(message, { ...choice, mode, ...provider });
      }}
    />
  );
}

function labelOf({ mode, message }: Question, before: Mode, other: ProviderStatus | undefined): string {
  if (other !== undefined) return t.composer.nextAskOther(shortName(other.name), message);
  const isSwitched = mode !== before && mode === "stateful";
  return isSwitched ? t.composer.nextSwitchAndAsk(message) : t.composer.nextAsk(message);
}

function Chip({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <p className="next-step">
      <button type="button" className="button" onClick={onClick}>
        {label} <Icon name="send" size={14} />
      </button>
    </p>
  );
}
