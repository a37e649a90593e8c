/** Shortcuts with Alt that work anywhere, also in a text field. */
export const SHORTCUTS = {
  KeyM: "Switch memory on or off",
  KeyX: "Open or close the X-ray",
  KeyN: "New session",
  KeyT: "Dark or light theme",
  KeyI: "Write a message",
} as const;

export type Shortcut = keyof typeof SHORTCUTS;

/** Keys of certain controls. */
export const LOCAL_KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["Enter", "Send"],
  ["Shift Enter", "A new line"],
  ["Escape", "Stop the answer; close what lies over the page"],
  ["Ctrl K", "Find sessions, messages and commands"],
  ["?", "This list"],
];

export const keyOf = (shortcut: Shortcut): string => `Alt ${shortcut.slice("Key".length)}`;

/** Returns the shortcut of a key press. Uses `code`, as Alt changes the letter on a Mac. */
export function shortcutOf(
  event: Pick<KeyboardEvent, "altKey" | "ctrlKey" | "metaKey" | "code">,
): Shortcut | null {
  if (!event.altKey || event.ctrlKey || event.metaKey) return null;
  return Object.hasOwn(SHORTCUTS, event.code) ? (event.code as Shortcut) : null;
}
