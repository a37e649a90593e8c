import { launchBrowser } from "../../../../e2e/browser.ts";
import { ChatPage } from "../../../../e2e/chat-page.ts";
import { expectEqual, expectMatch } from "../expect.ts";
import { API, ask, chat, PAGE, postJson } from "../http.ts";
import type { Product } from "../product.ts";
import type { Report } from "../report.ts";

const WORDS = 40;

/** What nginx does: the page, and the way to the API. */
export async function page(product: Product, report: Report): Promise<void> {
  report.chapter("nginx");
  const { text } = await ask(`${PAGE}/`);
  const asset = /src="(\/assets\/[^"]+)"/.exec(text)?.[1] ?? "/assets/none";
  await report.check("keeps assets with a hash, asks for the page anew, compresses", async () => {
    const kept = await ask(PAGE + asset);
    expectEqual(kept.headers.get("cache-control"), "public, max-age=31536000, immutable", "of an asset");
    expectEqual(kept.headers.get("content-encoding"), "gzip", "the encoding");
    expectEqual((await ask(`${PAGE}/`)).headers.get("cache-control"), "no-cache", "of the page");
    expectEqual(
      (await ask(`${PAGE}/assets/none.js`)).headers.get("cache-control"),
      null,
      "of what is not there",
    );
    return asset;
  });
  await report.check("sends the page with a strict Content-Security-Policy", async () => {
    const policy = (await ask(`${PAGE}/`)).headers.get("content-security-policy") ?? "";
    expectMatch(policy, /^default-src 'none';script-src 'self'/);
    return "default-src 'none'; script-src 'self'; …";
  });
  await report.check("forwards /api/ with what a session's id has encoded in it", async () => {
    const id = "a/b %2F ü";
    await chat(`${PAGE}/api`, id, "Hello");
    const [direct, through] = await Promise.all(
      [API, `${PAGE}/api`].map((base) => ask(`${base}/sessions/${encodeURIComponent(id)}`)),
    );
    expectEqual([direct?.status, through?.status], [200, 200], "status");
    expectEqual(JSON.parse(through?.text ?? "{}").id, id, "the id");
    return id;
  });
  await report.check("leaves to the API what the API refuses", async () => {
    const foreign = await product.run("curl -s -H 'Host: evil.example' http://localhost:3000/api/sessions");
    expectMatch(foreign, /"code":"foreign_host"/);
    const origin = await ask(`${PAGE}/api/sessions`, { headers: { origin: "https://evil.example" } });
    expectMatch(origin.text, /"code":"foreign_origin"/);
    const large = await ask(`${PAGE}/api/chat`, postJson({ message: "x".repeat(2 * 2 ** 20) }));
    expectMatch(large.text, /"code":"body_too_large"/);
    expectEqual((await ask(`${PAGE}/%61pi/sessions`)).status, 404, "of a path in disguise");
    for (const path of ["metrics", "%6detrics", "/metrics", "x/../metrics", "metrics?a"]) {
      expectEqual(
        (await ask(`${PAGE}/api/${path}`)).status,
        404,
        "of the metrics, which are not for the page",
      );
    }
    return "foreign_host, foreign_origin, body_too_large";
  });
  await report.check("logs no query, where a login's way back carries a code", async () => {
    const back = `${PAGE}/api/auth/callback?code=not-to-be-logged&state=x`;
    await ask(back);
    // An error is a line of its own.
    await product.run("docker-compose stop backend");
    const { status } = await ask(back);
    await product.run("docker-compose start backend");
    await product.up();
    expectEqual(status === 502 || status === 504, true, "whether nginx found no backend");
    const logged = await product.run("docker-compose logs frontend backend");
    expectEqual(logged.match(/GET \/api\/auth\/callback HTTP/g)?.length, 2, "lines of the access log");
    if (logged.includes("not-to-be-logged")) throw new Error("the code is in the log");
    return "GET /api/auth/callback";
  });
  await report.check("in Chromium: an answer is written word by word, and remembered", inChromium);
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
    expectMatch(answer, new RegExp(`word ${WORDS}`));
    if (lengths.size < WORDS / 4) throw new Error(`the answer was seen at ${lengths.size} lengths only`);
    await chat.provider(/^Mirror/);
    expectMatch(await chat.say("What was said?"), /I was sent 3 messages/);
    return `${WORDS} words, seen at ${lengths.size} lengths; the next turn was sent 3 messages`;
  } finally {
    await browser.close();
  }
}
