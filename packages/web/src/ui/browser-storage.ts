const PREFIX = "memory-magic:";

/** Reads from the browser's storage. If storage is blocked or full, the page works without it. */
export function readStored(name: string, storage = () => localStorage): string | null {
  try {
    return storage().getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function writeStored(name: string, value: string | null, storage = () => localStorage): void {
  try {
    if (value === null) storage().removeItem(PREFIX + name);
    else storage().setItem(PREFIX + name, value);
  } catch {
    // Blocked or full: the page works without it.
  }
}
