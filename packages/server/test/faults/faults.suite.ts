import { describe, test } from "vitest";
import { clientsThatNeverRead } from "./client-faults.ts";
import { losesNothing } from "./outcome.ts";
import { providerSendsErrors } from "./provider-faults.ts";
import { redisIs, redisRestarts } from "./redis-faults.ts";
import { ASK_FOR_ITEMS, killUnderLoad } from "./server-faults.ts";
import { masterFailsOver, slotMoves } from "./topology-faults.ts";

const redisFault = { rounds: 2, turns: 30, leastMs: 3000 };

test(
  "server: keeps what was shown when it is killed (SIGKILL) with turns in every phase",
  losesNothing(() => killUnderLoad({ rounds: 3, turns: 40 })),
);

test(
  "server: keeps reasoning and tool calls when it is killed (SIGKILL) with turns in every phase",
  losesNothing(() => killUnderLoad({ rounds: 2, turns: 40, message: ASK_FOR_ITEMS })),
);

describe("Redis", () => {
  test(
    "loses no acknowledged text when it is frozen for seconds",
    losesNothing(() => redisIs("frozen", redisFault)),
  );
  test(
    "loses no acknowledged text when it is read-only for seconds",
    losesNothing(() => redisIs("readOnly", redisFault)),
  );
  test(
    "completes every turn when it is killed (SIGKILL) and started at once",
    losesNothing(() => redisRestarts({ rounds: 2, turns: 30 })),
  );
  test(
    "loses no acknowledged text when a Cluster's slot moves in mid-turn",
    losesNothing(() => slotMoves({ turns: 10 })),
  );
  test(
    "keeps one end and one copy when the master is killed and a replica takes over",
    losesNothing(masterFailsOver),
  );
});

test(
  "provider: fails the turn with the text so far when it sends an error or invalid data at each token",
  losesNothing(providerSendsErrors),
);

test(
  "client: does not affect others when it never reads its stream",
  losesNothing(() => clientsThatNeverRead({ clients: 1000 })),
);
