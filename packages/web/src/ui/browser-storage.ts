const PREFIX = "memory-magic:";

/** What this browser keeps for the page. Where storage is blocked or full, the page works and forgets. */
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
    // Blocked or full: nothing to do about it, and nothing is lost that the server does not have.
  }
}
