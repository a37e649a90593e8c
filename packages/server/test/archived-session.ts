import type { ArchivedSession } from "../src/chat/stored-session.ts";

/** A session as it is exported, with the contents that a test is about. */
export const archivedSession = (
  { items, turns }: Partial<Pick<ArchivedSession, "items" | "turns">>,
  session: Partial<ArchivedSession["session"]> = {},
): ArchivedSession => {
  const date = new Date("2026-11-23T10:00:00.500Z");
  return {
    session: {
      id: "s",
      title: null,
      count: 1,
      createdAt: date,
      updatedAt: date,
      ttlSeconds: 1,
      expiresAt: date,
      runningTurnId: null,
      rootId: null,
      forkedFrom: null,
      metadata: null,
      metadataVersion: 0,
      ...session,
    },
    items: items ?? async function* () {},
    turns: turns ?? async function* () {},
    async *blobs() {},
  };
};
