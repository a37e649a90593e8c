import { Dialog } from "./dialog.tsx";
import { keyOf, LOCAL_KEYS, SHORTCUTS, type Shortcut } from "./shortcuts.ts";
import "./shortcuts-dialog.css";

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const anywhere = Object.entries(SHORTCUTS).map(([key, what]) => [keyOf(key as Shortcut), what] as const);
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl className="shortcuts">
        {[...anywhere, ...LOCAL_KEYS].map(([keys, what]) => (
          <div key={keys}>
            <dt>{what}</dt>
            <dd>
              <kbd>{keys}</kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
