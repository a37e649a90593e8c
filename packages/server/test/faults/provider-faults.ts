import type { Scenario } from "../fakes/scenario.ts";
import { within } from "../within.ts";
import type { Outcome } from "./outcome.ts";
import { lossesOfAll } from "./proof.ts";
import { onStage } from "./stage.ts";
import { TurnStream } from "./turn-stream.ts";

const ENDS_WITHIN_MS = 15_000;
const PIECES = ["Grüße, ", "世界! ", "👩‍👩‍👧‍👦 ", "e\u0301 ", "\\u0041 ", "</script> ", "done."];
const WHOLE = PIECES.join("");

interface Case {
  readonly scenario: Scenario;
  readonly end: "turn-completed" | "turn-failed";
  /** What must have been shown by then. */
  readonly text: string;
}

/** Each way of a provider at each token: the turn comes to its end, with exactly the text that came. */
async function tryEach(fault: string, cases: readonly Case[], env = {}): Promise<Outcome> {
  return onStage(async (stage) => {
    const server = await stage.server(env);
    const streams = cases.map(({ scenario }, n) =>
      TurnStream.ask(server.base, {
        message: `fake ${JSON.stringify({ pieces: PIECES, ...scenario })}`,
        mode: "stateful",
        provider: "chatgpt",
        session_id: `p${n}`,
      }),
    );
    await within(ENDS_WITHIN_MS, Promise.all(streams.map(({ over }) => over)));
    const losses: string[] = [];
    for (const [n, { end, text }] of cases.entries()) {
      const seen = streams[n];
      if (seen?.end?.event !== end) losses.push(`p${n}: told ${seen?.end?.event ?? "no end"}`);
      if (seen?.text !== text) losses.push(`p${n}: shown ${JSON.stringify(seen?.text)}`);
    }
    losses.push(...(await lossesOfAll(server.base, streams)));
    return { fault, tries: cases.length, losses };
  });
}

const atEachToken = (scenario: (token: number) => Scenario): Case[] =>
  Array.from({ length: PIECES.length + 1 }, (_, token) => ({
    scenario: { delayMs: 5, ...scenario(token) },
    end: "turn-failed",
    text: PIECES.slice(0, token).join(""),
  }));

export const providerDies = () =>
  tryEach(
    "provider dies at each token",
    atEachToken((token) => ({ cutAfter: token })),
  );

export const providerSaysNonsense = () =>
  tryEach("provider reports an error or sends nonsense at each token", [
    ...atEachToken((token) => ({ errorAfter: token })),
    ...atEachToken((token) => ({ malformedAfter: token })),
  ]);

export const providerFallsSilent = () =>
  tryEach(
    "provider falls silent at each token",
    atEachToken((token) => ({ silentAfter: token })),
    { FIRST_WORD_TIMEOUT_SECONDS: "2", BETWEEN_WORDS_TIMEOUT_SECONDS: "1" },
  );

export const packetsOfAnySize = () =>
  tryEach("provider's events in pieces of one byte, one at a time, all in one packet", [
    { scenario: { byteByByte: true }, end: "turn-completed", text: WHOLE },
    { scenario: { byteByByte: true, delayMs: 5 }, end: "turn-completed", text: WHOLE },
    { scenario: { delayMs: 5 }, end: "turn-completed", text: WHOLE },
    { scenario: {}, end: "turn-completed", text: WHOLE },
    { scenario: { pieces: Array(300).fill("w ") }, end: "turn-completed", text: "w ".repeat(300) },
  ]);
