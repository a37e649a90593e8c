import type { Subscriptions } from "../redis/subscriptions.ts";
import type { TurnFeed, TurnOutcome } from "./turn-feed.ts";
import type { Segment } from "./turn-log.ts";

// Notified, it reads at once. It also polls: a notification may get lost, and a dead writer sends none.
const POLL_MS = 1000;
const POLL_MS_WITHOUT_SUBSCRIBER = 100;

/** A turn as a read found it. */
export interface ReadTurn {
  /** Its log behind the offset asked for, if it is still there. */
  readonly log: string;
  /** Set when it has ended; with its output, unless the log has all of it. */
  readonly end?: { readonly outcome: TurnOutcome; readonly output: readonly Segment[] | null };
}

/** Adds to a feed what a read found. */
export function pushRead(feed: TurnFeed, { log, end }: ReadTurn): void {
  feed.push(log);
  if (end?.output) feed.endWith(end.output, end.outcome);
  else if (end) feed.end(end.outcome);
}

/**
 * Feeds one feed with a turn that another process writes: one read for each batch, for any number of followers.
 * Continues to the turn's end even if the last follower has left: that may take minutes.
 * @param read the turn behind an offset in bytes of its log, or null if the session is gone
 */
export async function followRemote(
  feed: TurnFeed,
  read: (offset: number) => Promise<ReadTurn | null>,
  channel: string,
  subscriptions: Subscriptions | undefined,
): Promise<void> {
  let wake: () => void = () => {};
  let isNotified = false;
  const onPublication = (): void => {
    isNotified = true;
    wake();
  };
  subscriptions?.add(channel, onPublication);
  try {
    while (!feed.settled) {
      if (!isNotified) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, subscriptions ? POLL_MS : POLL_MS_WITHOUT_SUBSCRIBER);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      isNotified = false;
      const state = await read(feed.offset);
      if (state === null) feed.end({ status: "cancelled", count: null });
      else pushRead(feed, state);
    }
  } catch (error) {
    feed.fail(error);
  } finally {
    subscriptions?.remove(channel, onPublication);
  }
}
