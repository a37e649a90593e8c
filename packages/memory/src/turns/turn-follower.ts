import type { Subscriptions } from "../redis/subscriptions.ts";
import type { TurnFeed } from "./turn-feed.ts";
import type { TurnRecord } from "./turn-record.ts";

// Woken, it reads at once; else it looks by itself: a wake-up may get lost, and a dead writer wakes nobody.
const LOOK_EVERY_MS = 1000;
const LOOK_EVERY_MS_UNWOKEN = 100;

interface State {
  readonly record: TurnRecord;
  readonly text: string;
  readonly count: number;
}

/**
 * Feeds one feed with a turn that another process writes: one read for each batch, however many follow.
 * Goes on to the turn's end, even when the last follower has left: that is seconds away.
 * @param read the text behind an offset in bytes, or null when the session is gone
 */
export async function followRemote(
  feed: TurnFeed,
  read: (offset: number) => Promise<State | null>,
  channel: string,
  subscriptions: Subscriptions | undefined,
): Promise<void> {
  let offset = Buffer.byteLength(feed.text);
  let wake: () => void = () => {};
  let woken = false;
  const onPublication = (): void => {
    woken = true;
    wake();
  };
  subscriptions?.add(channel, onPublication);
  try {
    while (!feed.settled) {
      if (!woken) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, subscriptions ? LOOK_EVERY_MS : LOOK_EVERY_MS_UNWOKEN);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      woken = false;
      const state = await read(offset);
      if (state === null) {
        feed.end({ status: "cancelled", count: null });
      } else if (state.record.status === "running") {
        offset += Buffer.byteLength(state.text);
        if (state.text !== "") feed.push(state.text);
      } else {
        const rest = state.text.slice(feed.text.length);
        if (rest !== "") feed.push(rest);
        feed.end({ status: state.record.status, count: state.count });
      }
    }
  } catch (error) {
    feed.fail(error);
  } finally {
    subscriptions?.remove(channel, onPublication);
  }
}
