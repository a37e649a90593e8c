import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { Reply } from "../redis/script-runner.ts";
import { AppendWindow } from "./append-window.ts";
import { TurnFeed } from "./turn-feed.ts";
import { TurnWriter } from "./turn-writer.ts";

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
});

/** A window whose loop runs each timer so many milliseconds late. */
function lagging() {
  const loop = { lagMs: 0 };
  let late = 0;
  const window = new AppendWindow(() => performance.now() + late);
  const advance = async (ms: number) => {
    late += loop.lagMs * (ms / 20);
    await vi.advanceTimersByTimeAsync(ms);
  };
  return { loop, window, advance };
}

test("the window is as long as the loop lags, 50 ms at most, and shrinks when it is idle again", async () => {
  const { loop, window, advance } = lagging();
  window.open();
  await advance(20);
  expect(window.ms).toBe(0);
  loop.lagMs = 12;
  await advance(20);
  expect(window.ms).toBe(10);
  loop.lagMs = 500;
  await advance(20);
  expect(window.ms).toBe(50);
  loop.lagMs = 0;
  for (let n = 0; n < 20; n++) await advance(20);
  expect(window.ms).toBe(0);
  window.close();
  expect(vi.getTimerCount()).toBe(0);
});

/** A writer, and what it has appended to a Redis that answers at once. */
function write(window: AppendWindow) {
  const appended: string[] = [];
  const scripts = {
    append: async (_: number, text: string): Promise<Reply> => {
      appended.push(text);
      return ["ok", 0];
    },
    end: async (_: string, __: number, rest: string): Promise<Reply> => {
      appended.push(`${rest}.`);
      return ["ok", 0, "completed", 2];
    },
    discard: async (): Promise<Reply> => ["ok", 0],
    abandon: () => {},
  };
  const times = { renewEveryMs: 10_000, maxIdleMs: 60_000 };
  return { appended, writer: new TurnWriter("1", new TurnFeed(), scripts, times, window) };
}

test("while the loop lags, the first piece is appended at once and later ones together", async () => {
  const { loop, window, advance } = lagging();
  window.open();
  loop.lagMs = 42;
  await advance(20);
  loop.lagMs = 0;
  const { appended, writer } = write(window);
  writer.write("a");
  expect(appended).toEqual(["a"]);
  await advance(1);
  for (const piece of "bcd") writer.write(piece);
  await advance(10);
  expect(appended).toEqual(["a"]);
  await advance(40);
  expect(appended).toEqual(["a", "bcd"]);
  expect(writer.feed.text).toBe("abcd");
  window.close();
  await writer.end("completed");
});

test("pieces that wait for others are part of the end, and leave no timer behind", async () => {
  const { loop, window, advance } = lagging();
  window.open();
  loop.lagMs = 500;
  await advance(20);
  const { appended, writer } = write(window);
  writer.write("a");
  await vi.advanceTimersByTimeAsync(0);
  writer.write("b");
  window.close();
  await writer.end("completed");
  expect(appended).toEqual(["a", "b."]);
  expect(writer.feed.text).toBe("ab");
  expect(vi.getTimerCount()).toBe(0);
});

test("each piece is appended at once while the loop is idle", async () => {
  const { appended, writer } = write(new AppendWindow());
  for (const piece of "abc") {
    writer.write(piece);
    await vi.advanceTimersByTimeAsync(0);
  }
  expect(appended).toEqual(["a", "b", "c"]);
  await writer.end("completed");
});
