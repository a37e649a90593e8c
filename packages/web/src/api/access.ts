import { Store } from "../ui/store.ts";

/** Whether the server asks who this is: it refused the last request for something of one's own. */
export const access = new Store<{ readonly refused: boolean }>({ refused: false });

export function setAccessRefused(refused: boolean): void {
  if (access.get().refused !== refused) access.update({ refused });
}
