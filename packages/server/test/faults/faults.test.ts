import { describe, test } from "vitest";
import { times } from "../../../../test/thoroughness.ts";
import { clientDisconnects, sameKey, sessionEnds, twoTabs, unknownEventIds } from "./client-faults.ts";
import { losesNothing } from "./outcome.ts";
import { packetsOfAnySize, providerDies, providerFallsSilent } from "./provider-faults.ts";
import { connectionsAreLost, redisIs } from "./redis-faults.ts";
import { killAtEachResponseEvent, loseBackgroundResponses } from "./response-faults.ts";
import { ASK_FOR_ITEMS, askForWords, freezePastLease, killAtEachEvent, terminate } from "./server-faults.ts";

// `npm test` tries each fault a few times; `npm run test:faults` many times, and those of faults.suite.ts too.
const redisFault = { rounds: times(1, 2), turns: times(10, 30), leastMs: times(0, 3000) };

describe.concurrent("server", { timeout: 300_000 }, () => {
  test(
    "keeps what was shown when it is killed (SIGKILL) at each token of an answer",
    losesNothing(() => {
      const events = times(3, 40);
      return killAtEachEvent({ message: askForWords(events, 10), events });
    }),
  );
  test(
    "keeps reasoning and tool calls that were shown when it is killed (SIGKILL) at each of their events",
    losesNothing(() => killAtEachEvent({ message: ASK_FOR_ITEMS, events: 42, step: times(11, 1) })),
  );
  test(
    "replays a response of /v1 as it was shown when it is killed (SIGKILL) at its events",
    losesNothing(() => killAtEachResponseEvent({ events: 40, step: times(20, 4) })),
  );
  test(
    "runs background responses of /v1 again when it is killed or frozen before their first output",
    losesNothing(() => loseBackgroundResponses({ responses: times(2, 20) })),
  );
  test(
    "changes nothing when it was frozen past its lease and continues",
    losesNothing(() => freezePastLease({ turns: times(5, 40) })),
  );
  test(
    "completes short turns and interrupts long ones when it is stopped (SIGTERM)",
    losesNothing(() => terminate({ turns: times(3, 20) })),
  );
});

describe.concurrent("Redis", { timeout: 300_000 }, () => {
  test(
    "loses no acknowledged text when it is killed (SIGKILL) and started seconds later",
    losesNothing(() => redisIs("killed", redisFault)),
  );
  test(
    "loses no acknowledged text when it is out of memory",
    losesNothing(() => redisIs("full", redisFault)),
  );
  test(
    "loses no acknowledged text when connections carry nothing any more",
    losesNothing(() => connectionsAreLost({ rounds: times(1, 2), turns: times(5, 30) })),
  );
});

describe.concurrent("provider", { timeout: 300_000 }, () => {
  test("fails the turn with the text so far when it dies at each token", losesNothing(providerDies));
  test(
    "fails the turn with the text so far when it falls silent at each token",
    losesNothing(providerFallsSilent),
  );
  test(
    "completes the turn when its events arrive in pieces of one byte, one at a time, or in one packet",
    losesNothing(packetsOfAnySize),
  );
});

describe.concurrent("client", { timeout: 300_000 }, () => {
  test(
    "gets one turn for many requests with one Idempotency-Key over two servers",
    losesNothing(() => sameKey({ requests: times(100, 1000) })),
  );
  test(
    "does not stop the turn when it disconnects at each token",
    losesNothing(() => clientDisconnects({ tokens: times(5, 30) })),
  );
  test(
    "sees the same turn in two tabs on two servers",
    losesNothing(() => twoTabs({ turns: times(1, 10) })),
  );
  test(
    "gets an end when its session is cleared, deleted or cancelled, or expires in mid-turn",
    losesNothing(() => sessionEnds({ rounds: times(1, 3) })),
  );
  test("is refused a Last-Event-ID that was never sent", losesNothing(unknownEventIds));
});
