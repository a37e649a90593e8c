import { focusField } from "./focus-field.ts";

/** Where to go on in a dialog or a panel: its scrollable area or its text field. */
const ENTRY = "[tabindex], textarea, input[type=search]";

export const messageField = () => document.querySelector<HTMLElement>("main textarea[data-message]");

/**
 * Moves the focus when what had it is removed or disabled: the browser leaves it on the page's body, and a keyboard
 * or screen reader user is lost. It stays in its dialog or panel; elsewhere it goes to the message field.
 */
export function keepFocus(): void {
  /** What has the focus, and what it is in. */
  let path: readonly EventTarget[] = [];
  document.addEventListener("focusin", (event) => {
    path = event.composedPath();
  });
  const restore = () => {
    const { activeElement, body } = document;
    const [focused] = path;
    if (!(focused instanceof HTMLElement)) return;
    if (focused.isConnected && !focused.matches(":disabled")) {
      // The user has clicked beside it.
      if (activeElement === body) path = [];
      return;
    }
    if (activeElement !== body && activeElement !== focused) return;
    const place = path.find(
      (it) => it instanceof HTMLElement && it.isConnected && it.matches("dialog[open], aside, nav"),
    ) as HTMLElement | undefined;
    focusField(place?.querySelector<HTMLElement>(ENTRY) ?? place?.querySelector("button") ?? messageField());
  };
  const changes = { childList: true, subtree: true, attributeFilter: ["disabled"] };
  new MutationObserver(restore).observe(document.body, changes);
}
