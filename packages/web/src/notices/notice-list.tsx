import { Icon } from "../icons/icon.tsx";
import { dismissNotice, useNotices } from "./notices.ts";
import "./notice-list.css";

export function NoticeList() {
  const notices = useNotices();
  return (
    <div className="notices" aria-live="polite">
      {notices.map(({ id, text, tone, action }) => (
        <div key={id} className="notice" data-tone={tone}>
          <span>{text}</span>
          {action !== undefined && (
            <button
              type="button"
              className="button button-small"
              onClick={() => {
                action.run();
                dismissNotice(id);
              }}
            >
              {action.label}
            </button>
          )}
          <button
            type="button"
            className="button-icon"
            aria-label="Dismiss"
            onClick={() => dismissNotice(id)}
          >
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
