const PREFIX = "memory-magic:";

/** Reads from the browser's storage. If storage is blocked or full, the page works without it. */
export function readStored(name: string, storage = () => localStorage): string | null {
  try {
    return storage().getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** Returns false if storage is blocked or full. */
export function writeStored(name: string, value: string | null, storage = () => localStorage): boolean {
  try {
    if (value === null) storage().removeItem(PREFIX + name);
    else storage().setItem(PREFIX + name, value);
    return true;
  } catch {
    return false;
  }
}
