import { useSyncExternalStore } from "react";
import { Store } from "../../ui/store.ts";

const store = new Store({ revision: 0 });

/** Says that this page has changed notes, so that what would be sent is counted anew. */
export const noteNotesChanged = (): void => store.update({ revision: store.get().revision + 1 });

/** Returns a number that changes with the notes. */
export const useNoteRevision = (): number => useSyncExternalStore(store.subscribe, store.get).revision;
