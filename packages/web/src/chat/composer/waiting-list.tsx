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
      {waiting.map(({ key, text }) => (
        <li key={key}>
          <span className="waiting-text">{text}</span>
          <span className="waiting-when">{running ? "sent after this answer" : "held"}</span>
          <button
            type="button"
            className="button-icon"
            aria-label={`Remove: ${text}`}
            onClick={() => onDiscard(key)}
          >
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
      {!running && (
        <li>
          <button type="button" className="button button-small" onClick={onSendNow}>
            Send what waits
          </button>
        </li>
      )}
    </ul>
  );
}
