import { stream } from "../load.ts";
import { type Contestant, contestantsOf, cpuMicroseconds, inRounds, medians } from "./contestants.ts";
import type { Programs } from "./programs.ts";
import { CLIENTS, chat, relayed, respond, throughPortkey } from "./requests.ts";
import type { TurnTable } from "./table.ts";

const MEASURE_MS = 1300;
const TOOL = {
  name: "look_up",
  parameters: { type: "object", properties: { query: { type: "string" } } },
};

/** Prints the rows of turns that are streamed to the client, from an upstream that answers at once: their CPU. */
export async function streamedTurnRows(programs: Programs, table: TurnTable): Promise<void> {
  const row = async (what: string, contestants: readonly Contestant[]) => {
    const measure = ({ programs: [program], ask }: Contestant) =>
      cpuMicroseconds([program], async () => (await stream(program.url, CLIENTS, MEASURE_MS, ask)).streams);
    table.row(
      what,
      medians(await inRounds(contestants, measure), (cpu) => cpu),
    );
  };
  const portkey = (model: string, more: object) =>
    throughPortkey(programs.upstream.url, model, { stream: true, ...more });

  await row(
    "CPU of a streamed turn, stateful, new sessions, µs",
    contestantsOf(programs, {
      products: chat("stateful", "at-once", (client, turn) => `streamed-${client}-${turn}`),
      bare: relayed("/stream", "at-once"),
      portkey: portkey("at-once", {}),
    }),
  );
  await row(
    "CPU of a streamed response of `/v1/responses`, new chains, µs",
    contestantsOf(programs, { products: respond("at-once", () => ({ stream: true })) }),
  );
  await row(
    "CPU of a streamed response of `/v1/responses` that is a function call of 50 tokens, µs",
    contestantsOf(programs, {
      products: respond("tools", () => ({ stream: true, tools: [{ type: "function", ...TOOL }] })),
      portkey: portkey("tools", { tools: [{ type: "function", function: TOOL }] }),
    }),
  );
}
