import { t } from "../../texts/texts.ts";
import { lazyComponent } from "../../ui/lazy-component.tsx";
import { LoadError } from "../../ui/load-error.tsx";
import "./conversation-log.css";
import type { MessageListProps } from "./message-list.tsx";

/** Not part of the first load. */
export const MessageList = lazyComponent<MessageListProps>(
  async () => (await import("./message-list.tsx")).MessageList,
  {
    Loading: () => <div className="log-frame" />,
    // Without the list the plain text is shown.
    Failed: ({ state, onRetry }) => (
      <div className="log-frame">
        <div className="log" role="log" aria-label={t.log.name}>
          <LoadError onRetry={onRetry} />
          {state.messages.map(({ key, content }) => (
            <p key={key} className="log-plain">
              {content}
            </p>
          ))}
        </div>
      </div>
    ),
  },
);

interface ConversationLogProps extends MessageListProps {
  /** Shown if there are no messages. */
  empty: React.ReactNode;
}

export function ConversationLog({ empty, ...props }: ConversationLogProps) {
  if (props.state.messages.length > 0) return <MessageList {...props} />;
  return (
    <div className="log-frame">
      <div className="log" role="log" aria-label={t.log.name} aria-live="off">
        {empty}
      </div>
    </div>
  );
}
