import { test } from "vitest";
import { FLOODS, flood } from "./floods.ts";
import { foreignSessions } from "./foreign-sessions.ts";
import { AUTH_MODES, fuzz } from "./fuzzing.ts";
import { findsNothing } from "./outcome.ts";
import { secretsEverywhere } from "./secrets.ts";
import { slowConnections } from "./slow-connections.ts";
import { smuggling } from "./smuggling.ts";

// No attack leaves this machine. Only schemathesis is fetched if it is not installed.

test.for(AUTH_MODES)("survives schema fuzzing of the whole API with AUTH=$auth", (mode, context) =>
  findsNothing(context, fuzz(mode, { seconds: 40 })),
);

test("hides an owner's sessions from other owners, on every route", (context) =>
  findsNothing(context, foreignSessions({ requests: 100_000 })));

test.for(FLOODS)("enforces the limit of $limit on two servers under a flood", (attack, context) =>
  findsNothing(context, flood(attack)),
);

test("cuts connections that send nothing, or a byte at a time, and serves others meanwhile", (context) =>
  findsNothing(context, slowConnections({ connections: 1000 })));

test("refuses smuggled requests and header tricks through nginx", (context) =>
  findsNothing(context, smuggling()));

test("shows no secret in responses, errors, logs, Redis, /docs or the page", (context) =>
  findsNothing(context, secretsEverywhere()));
