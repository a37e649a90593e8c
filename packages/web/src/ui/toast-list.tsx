import { t } from "../texts/texts.ts";
import { Icon } from "./icon.tsx";
import { dismissToast, useToasts } from "./toasts.ts";
import "./toast-list.css";

export function ToastList() {
  const toasts = useToasts();
  return (
    <div className="toasts" aria-live="polite">
      {toasts.map(({ id, text, tone, action }) => (
        <div key={id} className="toast" data-tone={tone}>
          <span>{text}</span>
          {action !== undefined && (
            <button
              type="button"
              className="button button-small"
              onClick={() => {
                action.run();
                dismissToast(id);
              }}
            >
              {action.label}
            </button>
          )}
          <button
            type="button"
            className="button-icon"
            aria-label={t.common.dismiss}
            onClick={() => dismissToast(id)}
          >
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
