import { ResultPrinter } from "../docs/results/result-page.ts";
import { startStack } from "../e2e/stack.ts";
import { serverBinary, startServer } from "../packages/memory/test/servers.ts";

// Counts the frames that the page drops while 200 tokens per second arrive in a conversation of 2,000 messages, and
// while the conversation is scrolled. Part of `npm run bench:page`; with `--write` the table becomes docs/results/page-frames.md.
// The main thread's CPU per frame is reliable on a busy machine too; the number of dropped frames is not.
const MESSAGES = 2_000;
const TOKENS_PER_SECOND = 200;
const STREAM_MS = 5_000;
const FRAME_MS = 1000 / 60;
const SESSION = "session_1732264800000_framebench";

const results = new ResultPrinter();
const { print } = results;

const RECORD_FRAMES = `
  globalThis.recordedFrames = [];
  let last = performance.now();
  const note = (now) => { recordedFrames.push(now - last); last = now; requestAnimationFrame(note); };
  requestAnimationFrame(note);
`;

const redis = process.env.TEST_REDIS_URL === undefined ? await startServer(serverBinary()) : undefined;
if (redis) process.env.TEST_REDIS_URL = redis.url;
const stack = await startStack();
try {
  for (let at = 0; at < MESSAGES; at += 500) {
    const messages = Array.from({ length: 500 }, (_, n) => messageAt(at + n));
    await fetch(`${stack.api}/sessions/${SESSION}/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages }),
    });
  }
  const page = await stack.open({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${stack.url}/#/s/${SESSION}`);
  await page.reload();
  const log = page.getByRole("log", { name: "Conversation" });
  await log.getByText(`Question ${MESSAGES - 2}`, { exact: true }).waitFor();
  await page.getByRole("radio", { name: /^Cloud/ }).check({ force: true });
  while (!(await log.getByText("Question 0", { exact: true }).isVisible())) {
    await log.evaluate((element) => element.scrollTo(0, 0));
    await page.waitForTimeout(50);
  }
  await page.evaluate(RECORD_FRAMES);

  const frames = () => page.evaluate<number[]>("recordedFrames.splice(0)");
  const devTools = await page.context().newCDPSession(page);
  await devTools.send("Performance.setTimeDomain", { timeDomain: "threadTicks" });
  await devTools.send("Performance.enable");
  const busyMs = async () => {
    const { metrics } = await devTools.send("Performance.getMetrics");
    return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN);
  };
  print("| what | frames | median ms | p99 ms | longest ms | dropped | main thread's CPU ms per frame |");
  print("|---|--:|--:|--:|--:|--:|--:|");
  await frames();
  let before = await busyMs();
  for (let turn = 0; turn < 60; turn++) {
    await page.mouse.move(600, 450);
    // As fast as a hard flick: 7,500 pixels per second.
    await page.mouse.wheel(0, 300);
    await page.waitForTimeout(40);
  }
  report("scrolling, 7,500 pixels/s", await frames(), (await busyMs()) - before);

  await log.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  const words = (TOKENS_PER_SECOND * STREAM_MS) / 1000;
  const script = { words, delayMs: 1000 / TOKENS_PER_SECOND };
  await page.getByRole("textbox", { name: "Message" }).fill(`fake ${JSON.stringify(script)}`);
  await page.getByRole("button", { name: "Send" }).click();
  await log.getByText("word 5").waitFor();
  await frames();
  before = await busyMs();
  await page.waitForTimeout(STREAM_MS - 1_000);
  report(`an answer of ${TOKENS_PER_SECOND} tokens/s`, await frames(), (await busyMs()) - before);
  results.save({
    name: "page-frames",
    title: `The page: frames in a conversation of ${MESSAGES.toLocaleString("en")} messages`,
    script: "bench:page",
    software: [`Chromium ${page.context().browser()?.version()}`],
  });
} finally {
  await stack.stop();
  await redis?.stop();
}

function messageAt(n: number): { role: string; content: string } {
  if (n % 2 === 0) return { role: "user", content: `Question ${n}` };
  return {
    role: "assistant",
    content: `Answer **${n}** with \`code\`:\n\n- one\n- two\n\n${"More words. ".repeat(n % 30)}`,
  };
}

function report(name: string, deltas: number[], cpuMs: number): void {
  const sorted = deltas.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  // A frame that took as long as three has dropped two.
  const dropped = deltas.reduce((sum, delta) => sum + Math.max(0, Math.round(delta / FRAME_MS) - 1), 0);
  const cells = [
    deltas.length,
    at(0.5).toFixed(1),
    at(0.99).toFixed(1),
    at(1).toFixed(1),
    dropped,
    (cpuMs / deltas.length).toFixed(1),
  ];
  print(`| ${name} | ${cells.join(" | ")} |`);
}
