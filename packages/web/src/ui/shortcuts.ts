/** Shortcuts with Alt that work anywhere, also in a text field. */
export const SHORTCUTS = ["KeyM", "KeyX", "KeyN", "KeyT", "KeyI"] as const;

export type Shortcut = (typeof SHORTCUTS)[number];

export const keyOf = (shortcut: Shortcut): string => `Alt ${shortcut.slice("Key".length)}`;

/** Returns the shortcut of a key press. Uses `code`, as Alt changes the letter on a Mac. */
export function shortcutOf(
  event: Pick<KeyboardEvent, "altKey" | "ctrlKey" | "metaKey" | "code">,
): Shortcut | null {
  if (!event.altKey || event.ctrlKey || event.metaKey) return null;
  return SHORTCUTS.find((shortcut) => shortcut === event.code) ?? null;
}
