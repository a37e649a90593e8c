import type { Scenario } from "../fakes/scenario.ts";
import { ENDS_WITHIN_MS, within } from "../within.ts";
import { askUntilBegun, lossesOfAll } from "./losses.ts";
import type { Outcome } from "./outcome.ts";
import { withSystem } from "./system.ts";
import { chatRequest } from "./turn-stream.ts";

const PIECES = ["Grüße, ", "世界! ", "👩‍👩‍👧‍👦 ", "e\u0301 ", "\\u0041 ", "</script> ", "done."];
const WHOLE = PIECES.join("");

const ITEMS: Scenario = {
  reasoning: ["Grüße, ", "👩‍👩‍👧‍👦"],
  toolCalls: [
    { id: "call_1", name: "look", arguments: ['{"at":"', "世界", '"}'] },
    { id: "call_2", name: "look", arguments: ["{}"] },
  ],
};

interface Case {
  readonly scenario: Scenario;
  readonly end: "turn-completed" | "turn-failed";
  /** What must have been shown before the end. */
  readonly text: string;
}

/** Checks that each turn comes to its end, with exactly the text that the provider sent. */
const tryEach = (cases: readonly Case[], env = {}): Promise<Outcome> =>
  withSystem(async (system) => {
    const { base } = await system.startServer(env);
    const asked = cases.map(async ({ scenario }, n) => {
      const message = `fake ${JSON.stringify({ pieces: PIECES, ...scenario })}`;
      const stream = await askUntilBegun(base, chatRequest(`p${n}`, message));
      await stream.closed;
      return stream;
    });
    const streams = await within(ENDS_WITHIN_MS, Promise.all(asked));
    const losses: string[] = [];
    for (const [n, { end, text }] of cases.entries()) {
      const stream = streams[n];
      if (stream?.end?.event !== end) losses.push(`p${n}: the end was ${stream?.end?.event ?? "missing"}`);
      if (stream?.text !== text) losses.push(`p${n}: showed ${JSON.stringify(stream?.text)}`);
    }
    losses.push(...(await lossesOfAll(base, streams)));
    return { tries: cases.length, losses };
  });

const atEachToken = (scenario: (token: number) => Scenario): Case[] =>
  Array.from({ length: PIECES.length + 1 }, (_, token) => ({
    scenario: { delayMs: 5, ...scenario(token) },
    end: "turn-failed",
    text: PIECES.slice(0, token).join(""),
  }));

export const providerDies = () => tryEach(atEachToken((token) => ({ cutAfter: token })));

export const providerSendsErrors = () =>
  tryEach([
    ...atEachToken((token) => ({ errorAfter: token })),
    ...atEachToken((token) => ({ malformedAfter: token })),
  ]);

export const providerFallsSilent = () =>
  tryEach(
    atEachToken((token) => ({ silentAfter: token })),
    { FIRST_TOKEN_TIMEOUT_SECONDS: "3", IDLE_TIMEOUT_SECONDS: "3" },
  );

/** One byte at a time, one event at a time, and everything in one packet. */
export const packetsOfAnySize = () =>
  tryEach([
    { scenario: { byteByByte: true }, end: "turn-completed", text: WHOLE },
    { scenario: { byteByByte: true, delayMs: 5 }, end: "turn-completed", text: WHOLE },
    { scenario: { delayMs: 5 }, end: "turn-completed", text: WHOLE },
    { scenario: {}, end: "turn-completed", text: WHOLE },
    { scenario: { ...ITEMS, byteByByte: true }, end: "turn-completed", text: WHOLE },
    { scenario: { ...ITEMS, delayMs: 5 }, end: "turn-completed", text: WHOLE },
    { scenario: ITEMS, end: "turn-completed", text: WHOLE },
    { scenario: { pieces: Array(300).fill("w ") }, end: "turn-completed", text: "w ".repeat(300) },
  ]);
