import { readStored, writeStored } from "../ui/browser-storage.ts";

const STORED = "bearer";
/** Keeps the key until the tab is closed, no longer: it grants more than one session. */
const tabStorage = () => sessionStorage;

/** The API key or access token that the user entered in this tab; null where a cookie identifies the user. */
let bearer = readStored(STORED, tabStorage);

export function keepBearer(next: string | null): void {
  bearer = next;
  writeStored(STORED, next, tabStorage);
}

export const bearerHeader = (): Record<string, string> =>
  bearer === null ? {} : { authorization: `Bearer ${bearer}` };
