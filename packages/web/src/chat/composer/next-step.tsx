import type { ProviderStatus } from "@redis-memory-magic/protocol";
import { shorten } from "../../texts/format.ts";
import { t } from "../../texts/texts.ts";
import { Icon } from "../../ui/icon.tsx";
import { type NextStep, nextStep } from "../state/next-step.ts";
import { shortName } from "../state/provider-name.ts";
import type { Chat } from "../state/use-chat.ts";
import "./next-step.css";

type SendStep = Extract<NextStep, { send: string }>;

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
  const { send, mode, isForOther } = step;
  const other = isForOther
    ? providers.find(({ id, available }) => available && id !== choice.provider)
    : undefined;
  return (
    <Chip
      label={labelOf(step, other)}
      onClick={() => {
        choose({ mode, ...(other && { provider: other.id }) });
        const provider = other ? { provider: other.id, model: undefined } : {};
        conversation.send(send, { ...choice, mode, ...provider });
      }}
    />
  );
}

function labelOf({ send, isQuestion, isSwitched }: SendStep, other: ProviderStatus | undefined): string {
  const { nextSay, nextAsk, nextAskOther, nextSwitchAndAsk } = t.composer;
  if (!isQuestion) return nextSay(shorten(send));
  if (other !== undefined) return nextAskOther(shortName(other.name), send);
  return isSwitched ? nextSwitchAndAsk(send) : nextAsk(send);
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
