import { plural } from "../../ui/format.ts";
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
    <ul className="waiting" aria-label="Waiting messages">
      {waiting.map((message) => (
        <li key={message.key}>
          <span className="waiting-text">
            {message.text}
            {message.attachments.length > 0 && ` + ${plural(message.attachments.length, "attachment")}`}
          </span>
          <span className="waiting-when">{sendingTime(message, running)}</span>
          <button
            type="button"
            className="button-icon"
            aria-label={`Remove: ${message.text}`}
            onClick={() => onDiscard(message.key)}
          >
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
      {!running && waiting.some(({ choice }) => choice !== null) && (
        <li>
          <button type="button" className="button button-small" onClick={onSendNow}>
            Send what waits
          </button>
        </li>
      )}
    </ul>
  );
}

function sendingTime({ choice }: WaitingMessage, running: boolean): string {
  if (choice === null) return "sent as soon as the page is ready";
  return running ? "sent after this answer" : "held";
}
