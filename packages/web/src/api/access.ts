import { Store } from "../ui/store.ts";

/** `refused`: the server answered the last request for the user's data with "unauthenticated". */
export const access = new Store<{ readonly refused: boolean }>({ refused: false });

export function setAccessRefused(refused: boolean): void {
  if (access.get().refused !== refused) access.update({ refused });
}
