import { expect } from "vitest";
import { launchBrowser } from "../../../../e2e/browser.ts";
import { ChatPage } from "../../../../e2e/chat-page.ts";
import { check } from "../check.ts";
import { API, ask, chat, PAGE, postJson } from "../http.ts";
import type { Product } from "../product.ts";

const WORDS = 40;

/** What nginx does: the page, and the way to the API. */
export function page(product: Product): void {
  check("keeps assets with a hash, asks for the page anew, compresses", async () => {
    const { text } = await ask(`${PAGE}/`);
    const assets = [...text.matchAll(/(?:src|href)="\.?(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? "");
    expect(assets.length, "assets of the page").toBeGreaterThan(0);
    for (const path of assets) {
      const kept = await ask(PAGE + path);
      expect(kept.headers.get("cache-control"), path).toEqual("public, max-age=31536000, immutable");
      // A file below nginx's gzip_min_length is sent as it is.
      const encoding = kept.text.length < 1024 ? null : "gzip";
      expect(kept.headers.get("content-encoding"), path).toEqual(encoding);
    }
    expect((await ask(`${PAGE}/`)).headers.get("cache-control"), "of the page").toEqual("no-cache");
    expect(
      (await ask(`${PAGE}/assets/none.js`)).headers.get("cache-control"),
      "of what is not there",
    ).toEqual(null);
    return assets.join(", ");
  });
  check("sends the page with a strict Content-Security-Policy", async () => {
    const policy = (await ask(`${PAGE}/`)).headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^default-src 'none';script-src 'self'/);
    return "default-src 'none'; script-src 'self'; …";
  });
  check("forwards /api/ with what a session's id has encoded in it", async () => {
    const id = "a/b %2F ü";
    await chat(`${PAGE}/api`, id, "Hello");
    const [direct, through] = await Promise.all(
      [API, `${PAGE}/api`].map((base) => ask(`${base}/sessions/${encodeURIComponent(id)}`)),
    );
    expect([direct?.status, through?.status], "status").toEqual([200, 200]);
    expect(JSON.parse(through?.text ?? "{}").id, "the id").toEqual(id);
    return id;
  });
  check("leaves to the API what the API refuses", async () => {
    const foreign = await product.run("curl -s -H 'Host: evil.example' http://localhost:3000/api/sessions");
    expect(foreign).toMatch(/"code":"foreign_host"/);
    const origin = await ask(`${PAGE}/api/sessions`, { headers: { origin: "https://evil.example" } });
    expect(origin.text).toMatch(/"code":"foreign_origin"/);
    // A message may have images; the settings of a session may not be so large.
    const large = await ask(`${PAGE}/api/sessions/large/settings`, {
      ...postJson({ system: "x".repeat(2 * 2 ** 20) }),
      method: "PATCH",
    });
    expect(large.text).toMatch(/"code":"body_too_large"/);
    expect((await ask(`${PAGE}/%61pi/sessions`)).status, "of a path in disguise").toEqual(404);
    for (const path of ["metrics", "%6detrics", "/metrics", "x/../metrics", "metrics?a"]) {
      expect((await ask(`${PAGE}/api/${path}`)).status, "of the metrics, which are not for the page").toEqual(
        404,
      );
    }
    return "foreign_host, foreign_origin, body_too_large";
  });
  check("logs no query, where a login's way back carries a code", async () => {
    const back = `${PAGE}/api/auth/callback?code=not-to-be-logged&state=x`;
    await ask(back);
    // An error is a line of its own.
    await product.run("docker-compose stop backend");
    const { status } = await ask(back);
    await product.run("docker-compose start backend");
    await product.up();
    expect(status === 502 || status === 504, "whether nginx found no backend").toEqual(true);
    const logged = await product.run("docker-compose logs frontend backend");
    expect(logged.match(/GET \/api\/auth\/callback HTTP/g)?.length, "lines of the access log").toEqual(2);
    if (logged.includes("not-to-be-logged")) throw new Error("the code is in the log");
    return "GET /api/auth/callback";
  });
  check("in Chromium: an answer is written word by word, and remembered", inChromium);
}

async function inChromium(): Promise<string> {
  const browser = await launchBrowser();
  try {
    const chat = new ChatPage(await browser.newPage());
    chat.page.setDefaultTimeout(15_000);
    await chat.page.goto(PAGE);
    await chat.memory("Stateful");
    await chat.provider(/^Local/);
    const lengths = new Set<number>();
    const watching = setInterval(
      () =>
        void chat.answers
          .last()
          .innerText({ timeout: 100 })
          .then(
            (text) => lengths.add(text.length),
            () => {},
          ),
      50,
    );
    const answer = await chat
      .say(`fake ${JSON.stringify({ words: WORDS, delayMs: 50 })}`)
      .finally(() => clearInterval(watching));
    expect(answer).toMatch(new RegExp(`word ${WORDS}`));
    if (lengths.size < WORDS / 4) throw new Error(`the answer was seen at ${lengths.size} lengths only`);
    await chat.provider(/^Mirror/);
    expect(await chat.say("What was said?")).toMatch(/I was sent 3 messages/);
    return `${WORDS} words, seen at ${lengths.size} lengths; the next turn was sent 3 messages`;
  } finally {
    await browser.close();
  }
}
