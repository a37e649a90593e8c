import { choiceOf, type Lane } from "./lane.ts";

/** A browser opens six connections to a server over HTTP/1.1. Two are left for what else the page asks. */
const MAX_AT_ONCE = 4;

/** Sends one message in all lanes, a few at once. Resolves when all have settled, or after an abort. */
export async function sendToLanes(
  lanes: readonly Lane[],
  text: string,
  { window, signal }: { window: number | undefined; signal: AbortSignal },
): Promise<void> {
  const left = [...lanes];
  const sendNext = async (): Promise<void> => {
    const lane = left.shift();
    if (lane === undefined || signal.aborted) return;
    // A removed lane is closed.
    if (!lane.conversation.isClosed) {
      lane.conversation.send(text, choiceOf(lane, window));
      await settled(lane);
    }
    return sendNext();
  };
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, sendNext));
}

/** Resolves when a lane has no running turn. */
function settled({ conversation: { store } }: Lane): Promise<void> {
  return new Promise((resolve) => {
    const end = store.subscribe(() => {
      if (store.get().live !== null) return;
      end();
      resolve();
    });
  });
}
