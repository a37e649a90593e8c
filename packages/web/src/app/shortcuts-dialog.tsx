import { t } from "../texts/later.ts";
import { Dialog } from "../ui/dialog.tsx";
import { keyOf, SHORTCUTS } from "../ui/shortcuts.ts";
import "./shortcuts-dialog.css";

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const { anywhere, keys: named, ...local } = t.shortcuts;
  const all = [
    ...SHORTCUTS.map((shortcut) => [keyOf(shortcut), anywhere[shortcut]] as const),
    [named.enter, t.common.send] as const,
    [named.shiftEnter, local.newLine] as const,
    [named.escape, local.escape] as const,
    [named.ctrlK, local.find] as const,
    ["?", local.list] as const,
  ];
  return (
    <Dialog title={t.common.keyboardShortcuts} onClose={onClose}>
      <dl className="shortcuts">
        {all.map(([keys, what]) => (
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
