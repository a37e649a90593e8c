import { t } from "../../texts/texts.ts";
import { Icon } from "../../ui/icon.tsx";
import type { WaitingMessage } from "../state/conversation-state.ts";

interface WaitingListProps {
  waiting: readonly WaitingMessage[];
  running: boolean;
  onDiscard: (key: string) => void;
  onSendNow: () => void;
}

/** The queued messages. */
export function WaitingList({ waiting, running, onDiscard, onSendNow }: WaitingListProps) {
  if (waiting.length === 0) return null;
  return (
    <ul className="waiting" aria-label={t.composer.waiting}>
      {waiting.map((message) => (
        <li key={message.key}>
          <span className="waiting-text">
            {message.text}
            {message.attachments.length > 0 && ` + ${t.composer.attachments(message.attachments.length)}`}
          </span>
          <span className="waiting-when">{sendingTime(message, running)}</span>
          <button
            type="button"
            className="button-icon"
            aria-label={t.composer.remove(message.text)}
            onClick={() => onDiscard(message.key)}
          >
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
      {!running && waiting.some(({ choice }) => choice !== null) && (
        <li>
          <button type="button" className="button button-small" onClick={onSendNow}>
            {t.composer.sendWaiting}
          </button>
        </li>
      )}
    </ul>
  );
}

function sendingTime({ choice }: WaitingMessage, running: boolean): string {
  const { early, next, held } = t.composer.waitingStates;
  if (choice === null) return early;
  return running ? next : held;
}
