import { expect, test } from "vitest";
import { clientLeaves, nonsensicalIds, sameKey, sessionGoes, twoTabs } from "./client-faults.ts";
import type { Outcome } from "./outcome.ts";
import { packetsOfAnySize, providerDies, providerFallsSilent } from "./provider-faults.ts";
import { redisGoesAway, redisLinkIsLost } from "./redis-faults.ts";
import { freezePastLease, killAtEachToken, terminate } from "./server-faults.ts";

// `npm run test:faults` tries all of them, and more often.
test.concurrent.each<[string, () => Promise<Outcome>]>([
  ["a server that is killed", () => killAtEachToken({ tokens: 3 })],
  ["a server that is frozen past its lease", () => freezePastLease({ turns: 5 })],
  ["a server that is asked to end", () => terminate({ turns: 3 })],
  ["a Redis that is killed and comes back", () => redisGoesAway("kill", { rounds: 1, turns: 10 })],
  ["a Redis that is full", () => redisGoesAway("fill", { rounds: 1, turns: 10 })],
  ["connections to Redis that die without a word", () => redisLinkIsLost({ rounds: 1, turns: 5 })],
  ["a provider that dies", providerDies],
  ["a provider that falls silent", providerFallsSilent],
  ["events cut anywhere", packetsOfAnySize],
  ["the same request many times over two processes", () => sameKey({ requests: 100 })],
  ["clients that leave", () => clientLeaves({ tokens: 5 })],
  ["two tabs", () => twoTabs({ turns: 1 })],
  ["a session that goes in mid-turn", () => sessionGoes({ rounds: 1 })],
  ["nonsensical event ids", nonsensicalIds],
])("nothing is lost, doubled or left without an end by %s", { timeout: 90_000 }, async (_, attempt) => {
  const { tries, losses } = await attempt();
  expect(tries).toBeGreaterThan(0);
  expect(losses).toEqual([]);
});
