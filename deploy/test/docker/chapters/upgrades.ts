import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { check } from "../check.ts";
import { API, ask, PAGE, slowTurn, THROUGH_NGINX } from "../http.ts";
import type { Product } from "../product.ts";
import { readUntilBroken, resume, textOf } from "./streams.ts";

/** Far more than it takes, for a busy machine; the table has what it took. A graceful end of nginx took 10 s. */
const REFUSED_FOR_AT_MOST_MS = 4000;
const [FIRST, SECOND] = ["1111111111111111", "2222222222222222"];

/** A new version in the place of the one that runs, while answers run. */
export function upgrades(product: Product): void {
  check("the page alone is replaced", async () =>
    during(async () => {
      await product.run("docker-compose up -d --no-deps --force-recreate frontend", 60_000);
    }),
  );
  check("nginx alone is restarted", async () =>
    during(async () => {
      await product.run("docker-compose restart frontend", 60_000);
    }),
  );
  check("upgrade.sh: one backend and the page are built anew and replaced", async () => {
    const seen = await during(async () => {
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
    const seen = await during(async () => {
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
  async function during(replace: () => Promise<void>): Promise<string> {
    let over = false;
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
    expect(Math.max(page, api), "ms without an answer to new requests").toBeLessThan(REFUSED_FOR_AT_MOST_MS);
    return `refused for ${page.toFixed(0)} ms (page) and ${api.toFixed(0)} ms (API); 3 answers whole, resumed ${resumed} times`;
  }
}

/** Reads an answer of some seconds as the page does. @returns how often it was resumed */
async function readToTheEnd(session: string): Promise<number> {
  const seen = await readUntilBroken(`${THROUGH_NGINX}/chat`, slowTurn(session, 60, 60));
  let resumed = 0;
  while (!seen.at(-1)?.event.match(/^turn-(completed|interrupted)$/)) {
    if (++resumed > 100) throw new Error(`${session} has no end`);
    await sleep(100);
    seen.push(...(await resume(THROUGH_NGINX, session, seen).catch(() => [])));
  }
  expect(textOf(seen), "what was read").toBe(seen.at(-1)?.data.response);
  return resumed;
}
