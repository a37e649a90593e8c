import { readStored, writeStored } from "../ui/browser-storage.ts";

const STORED = "bearer";
/** For this tab, until it is closed: a key is worth more than a session, and outlives none of them here. */
const tabStorage = () => sessionStorage;

/** An API key or an access token that its user gave this tab; null where the browser shows who it is by a cookie. */
let bearer = readStored(STORED, tabStorage);

export function keepBearer(next: string | null): void {
  bearer = next;
  writeStored(STORED, next, tabStorage);
}

export const bearerHeader = (): Record<string, string> =>
  bearer === null ? {} : { authorization: `Bearer ${bearer}` };
