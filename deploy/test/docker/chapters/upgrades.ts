import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { check } from "../check.ts";
import { API, ask, PAGE, slowTurn, THROUGH_NGINX } from "../http.ts";
import type { Product } from "../product.ts";
import { readUntilBroken, resume, textOf } from "./streams.ts";

const [FIRST, SECOND] = ["1111111111111111", "2222222222222222"];

/** A new version in the place of the one that runs, while answers run. */
export function upgrades(product: Product): void {
  for (const [what, command] of [
    ["the page alone is replaced", "docker-compose up -d --no-deps --force-recreate frontend"],
    ["nginx alone is restarted", "docker-compose restart frontend"],
  ] as const) {
    check(`${what}: it does not wait for running answers, and they are resumed`, async () => {
      const { resumed, seen } = await during(async () => {
        await product.run(command, 60_000);
      });
      expect(resumed, "answers that nginx did not wait for").toBeGreaterThan(0);
      return seen;
    });
  }
  check("upgrade.sh: one backend and the page are built anew and replaced", async () => {
    const { seen } = await during(async () => {
      await product.run(`REVISION=${FIRST} deploy/upgrade.sh`, 15 * 60_000);
    });
    expect(JSON.parse((await ask(`${API}/`)).text).revision).toBe(FIRST);
    return seen;
  });
  check("upgrade.sh TAG: back to the version before, without a build", async () => {
    await product.run(`REVISION=${SECOND} deploy/upgrade.sh`, 15 * 60_000);
    expect(JSON.parse((await ask(`${API}/`)).text).revision).toBe(SECOND);
    const listed = await product.run("deploy/upgrade.sh --list");
    const tag = /\S+-1{12}/.exec(listed)?.[0] ?? "";
    const { seen } = await during(async () => {
      await product.run(`deploy/upgrade.sh ${tag}`, 5 * 60_000);
    });
    expect(JSON.parse((await ask(`${API}/`)).text).revision).toBe(FIRST);
    return `${tag}: ${seen}`;
  });
  check("the version is in the labels, the log and the metrics", async () => {
    const label = '{{index .Config.Labels "org.opencontainers.image.revision"}}';
    expect(await product.inspect("chat-backend", label)).toBe(FIRST);
    expect(await product.inspect("chat-frontend", label)).toBe(FIRST);
    const log = await product.run("docker logs chat-backend 2>&1");
    expect(log).toMatch(new RegExp(`"time":"20\\d\\d-.*"revision":"${FIRST}".*"msg":"ready"`));
    const { text } = await ask(`${API}/metrics`);
    expect(text).toContain(`revision="${FIRST}"} 1`);
    return log.split("\n").find((line) => line.includes('"ready"')) ?? "";
  });

  /** While answers run and requests are sent; each answer is whole in the end, if need be after it was resumed. */
  async function during(replace: () => Promise<void>): Promise<{ resumed: number; seen: string }> {
    let over = false;
    const began = await engineTime();
    const probe = async (url: string): Promise<number> => {
      let [refusedSince, longest] = [0, 0];
      while (!over || refusedSince > 0) {
        const { status } = await ask(url).catch(() => ({ status: 0 }));
        const now = performance.now();
        if (status !== 200) refusedSince ||= now;
        else if (refusedSince > 0) {
          longest = Math.max(longest, now - refusedSince);
          refusedSince = 0;
        }
        await sleep(50);
      }
      return longest;
    };
    const probes = [probe(PAGE), probe(`${THROUGH_NGINX}/health/ready`)];
    const sessions = [0, 1, 2].map((n) => `upgrade-${performance.now()}-${n}`);
    const answers = sessions.map((session) => readToTheEnd(session));
    await sleep(1000);
    await replace().finally(() => {
      over = true;
    });
    const [page = 0, api = 0] = await Promise.all(probes);
    const resumed = (await Promise.all(answers)).reduce((sum, times) => sum + times, 0);
    // 137: Docker had to kill it, after ten seconds in which it took no new request.
    const codes = await product.run(
      `docker events --since ${began} --until ${await engineTime()} --filter event=die --filter label=com.docker.compose.service=frontend --format '{{.Actor.Attributes.exitCode}}'`,
    );
    expect(new Set(codes.trim().split("\n")), "the exit codes of nginx").toEqual(new Set(["0"]));
    const seen = `refused for ${page.toFixed(0)} ms (page) and ${api.toFixed(0)} ms (API); 3 answers whole, resumed ${resumed} times`;
    return { resumed, seen };
  }

  async function engineTime(): Promise<string> {
    return (await product.run("docker info --format '{{.SystemTime}}'")).trim();
  }
}

/** Reads an answer of twelve seconds as the page does. @returns how often it was resumed */
async function readToTheEnd(session: string): Promise<number> {
  const seen = await readUntilBroken(`${THROUGH_NGINX}/chat`, slowTurn(session, 200, 60));
  let resumed = 0;
  while (!seen.at(-1)?.event.match(/^turn-(completed|interrupted)$/)) {
    if (++resumed > 100) throw new Error(`${session} has no end`);
    await sleep(100);
    seen.push(...(await resume(THROUGH_NGINX, session, seen).catch(() => [])));
  }
  expect(textOf(seen), "what was read").toBe(seen.at(-1)?.data.response);
  return resumed;
}
