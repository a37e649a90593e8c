/** Keys that work anywhere on the page, with Alt held: also while one writes. */
export const SHORTCUTS = {
  KeyM: "Switch memory on or off",
  KeyX: "Open or close the X-ray",
  KeyN: "New session",
  KeyT: "Dark or light theme",
  KeyI: "Write a message",
} as const;

export type Shortcut = keyof typeof SHORTCUTS;

/** Keys that belong to a place. */
export const LOCAL_KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["Enter", "Send"],
  ["Shift Enter", "A new line"],
  ["Escape", "Stop the answer; close what lies over the page"],
  ["?", "This list"],
];

export const keyOf = (shortcut: Shortcut): string => `Alt ${shortcut.slice("Key".length)}`;

/** The shortcut that a key press is, if it is one. By the key's place: with Alt its letter is another one on a Mac. */
export function shortcutOf(
  event: Pick<KeyboardEvent, "altKey" | "ctrlKey" | "metaKey" | "code">,
): Shortcut | null {
  if (!event.altKey || event.ctrlKey || event.metaKey) return null;
  return Object.hasOwn(SHORTCUTS, event.code) ? (event.code as Shortcut) : null;
}
