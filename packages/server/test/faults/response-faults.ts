import { setTimeout as sleep } from "node:timers/promises";
import { ENDS_WITHIN_MS, within } from "../within.ts";
import { request, untilServed } from "./losses.ts";
import type { Outcome } from "./outcome.ts";
import { askForWords } from "./server-faults.ts";
import { withSystem } from "./system.ts";

const model = "chatgpt/gpt-5-mini";

const eventsOf = (stream: string): string[] =>
  stream.split("\n\n").filter((event) => event.startsWith("event:"));

/** All events of a response, from a server that did not run it. */
async function replay(base: string, id: string): Promise<string[]> {
  const path = `${base}/v1/responses/${id}?stream=true`;
  const { text } = await untilServed(async () => {
    const answer = await fetch(path, { signal: AbortSignal.timeout(ENDS_WITHIN_MS) });
    return { status: answer.status, text: await answer.text() };
  });
  return eventsOf(text);
}

/** SIGKILL at so many events of a streamed response: another server replays what was shown, then one end. */
export const killAtEachResponseEvent = ({
  events,
  step,
}: {
  readonly events: number;
  readonly step: number;
}): Promise<Outcome> =>
  withSystem(async (system) => {
    const witness = await system.startServer();
    const losses: string[] = [];
    let tries = 0;
    for (let count = 1; count <= events; count += step) {
      tries++;
      const server = await system.startServer();
      const response = await untilServed(() =>
        fetch(`${server.base}/v1/responses`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ model, input: askForWords(60, 10), stream: true }),
        }),
      );
      let shown = "";
      let killed: Promise<unknown> | undefined;
      try {
        for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
          shown += chunk;
          if (eventsOf(shown).length >= count) killed ??= server.kill();
        }
      } catch {
        // The connection is broken.
      }
      await killed;
      // The last one may be cut.
      const whole = eventsOf(shown.slice(0, shown.lastIndexOf("\n\n")));
      const id = /"id":"(resp_\w+)"/.exec(shown)?.[1];
      if (id === undefined) {
        losses.push(`no id: ${shown}`);
        continue;
      }
      const all = await replay(witness.base, id);
      if (JSON.stringify(all.slice(0, whole.length)) !== JSON.stringify(whole)) losses.push("another replay");
      const ends = all.filter((event) => /^event: response\.(completed|failed|incomplete)/.test(event));
      if (ends.length !== 1 || ends[0] !== all.at(-1)) losses.push(`${ends.length} ends`);
      const child = { model: "mirror", input: "Go on.", previous_response_id: id };
      const next = await untilServed(() => request(witness.base, "POST", "/v1/responses", child));
      if (next.body.status !== "completed") losses.push(`not continued: ${JSON.stringify(next.body)}`);
    }
    return { tries, losses };
  });

/** A server that is killed or frozen before its background responses have output: others run each of them once more. */
export const loseBackgroundResponses = ({ responses }: { readonly responses: number }): Promise<Outcome> =>
  withSystem(async (system) => {
    const others = [await system.startServer(), await system.startServer()];
    const losses: string[] = [];
    for (const fault of ["killed", "frozen"] as const) {
      const server = await system.startServer();
      system.openai.scenario = { initialDelayMs: 600_000 };
      const calls = () => system.openai.turns.length;
      const before = calls();
      const created = await Promise.all(
        Array.from({ length: responses }, async () => {
          const post = (path: string, body: object) =>
            untilServed(() => request(server.base, "POST", path, body));
          const { body } = await post("/v1/conversations", {});
          const asked = { model, input: "Hi", background: true, conversation: body.id };
          const begun = await post("/v1/responses", asked);
          return { id: String(begun.body.id), conversation: String(body.id) };
        }),
      );
      while (calls() < before + responses) await sleep(10);
      system.openai.scenario = { pieces: ["Hello ", "there"] };
      if (fault === "killed") await server.kill();
      else server.freeze();
      const check = async ({ id, conversation }: (typeof created)[number]) => {
        const ended = async (base: string) => {
          for (;;) {
            const { body } = await untilServed(() => request(base, "GET", `/v1/responses/${id}`));
            if (body.status !== "in_progress") return body;
            await sleep(250);
          }
        };
        const polled = await within(ENDS_WITHIN_MS, Promise.all(others.map(({ base }) => ended(base))));
        for (const { status, metadata } of polled) {
          if (status !== "completed" || metadata.runs !== "2")
            losses.push(`${fault}: ${status}, ${metadata.runs} runs`);
        }
        const [one, other] = await Promise.all(others.map(({ base }) => replay(base, id)));
        if (JSON.stringify(one) !== JSON.stringify(other)) losses.push(`${fault}: two replays`);
        const base = others[0]?.base ?? "";
        const path = `/v1/conversations/${conversation}/items`;
        const { body } = await untilServed(() => request(base, "GET", path));
        if (body.data.length !== 2) losses.push(`${fault}: ${body.data.length} items`);
        return JSON.stringify(body.data);
      };
      const items = await Promise.all(created.map(check));
      if (calls() - before !== responses * 2) losses.push(`${fault}: ${calls() - before} calls`);
      if (fault === "frozen") {
        server.thaw();
        // The server that continues learns of its loss with the next renewal of its leases.
        await sleep(3000);
        const again = await Promise.all(created.map(check));
        if (JSON.stringify(again) !== JSON.stringify(items)) losses.push("changed after it continued");
      }
    }
    return { tries: responses * 2, losses };
  });
