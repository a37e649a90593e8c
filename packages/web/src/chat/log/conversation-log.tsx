import { lazyComponent } from "../../ui/lazy-component.tsx";
import "./conversation-log.css";
import type { MessageListProps } from "./message-list.tsx";

/** What shows messages: fetched for the first one, so not part of the first load. Asked for early, it is there in time. */
export const loadMessageList = async () => (await import("./message-list.tsx")).MessageList;

const MessageList = lazyComponent<MessageListProps>(loadMessageList, {
  Loading: () => <div className="log-frame" />,
  // Words can be read without their look.
  Failed: ({ state }) => (
    <div className="log-frame">
      <div className="log" role="log" aria-label="Conversation">
        {state.messages.map(({ key, content }) => (
          <p key={key} className="log-plain">
            {content}
          </p>
        ))}
      </div>
    </div>
  ),
});

interface ConversationLogProps extends MessageListProps {
  /** Shown where there are no messages. */
  empty: React.ReactNode;
}

export function ConversationLog({ empty, ...props }: ConversationLogProps) {
  if (props.state.messages.length > 0) return <MessageList {...props} />;
  return (
    <div className="log-frame">
      <div className="log" role="log" aria-label="Conversation" aria-live="off">
        {empty}
      </div>
    </div>
  );
}
