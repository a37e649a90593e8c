import type { Page } from "playwright-core";

/** What a browser may transfer at its first visit, headers and the inspector's column included. */
export const MAX_FIRST_LOAD_BYTES = 130_000;

export interface Transfer {
  readonly url: string;
  readonly bytes: number;
  readonly encoding: string | undefined;
}

/**
 * Opens an address as a browser does that has never seen the page, and returns what it transfers until it is idle.
 * Browsers accept brotli from localhost and over HTTPS, and only gzip over plain HTTP in a LAN.
 */
export async function recordFirstLoad(page: Page, url: string, encoding: "br" | "gzip"): Promise<Transfer[]> {
  await page.evaluate(() => localStorage.clear());
  await page.goto("about:blank");
  await page.setExtraHTTPHeaders({ "accept-encoding": encoding });
  const transfers = await recordTransfers(page);
  await page.goto(url);
  await page.getByRole("textbox", { name: "Message" }).waitFor();
  await page.waitForLoadState("networkidle");
  return transfers;
}

/** Records the page's own files as they are transferred. Requests to the API are left out. */
async function recordTransfers(page: Page): Promise<Transfer[]> {
  const devTools = await page.context().newCDPSession(page);
  await devTools.send("Network.enable");
  await devTools.send("Network.setCacheDisabled", { cacheDisabled: true });
  const responses = new Map<string, Omit<Transfer, "bytes">>();
  const transfers: Transfer[] = [];
  devTools.on("Network.responseReceived", ({ requestId, response: { url, headers } }) => {
    const { pathname } = new URL(url);
    const encoding = headers["content-encoding"] ?? headers["Content-Encoding"];
    if (!pathname.startsWith("/api/")) responses.set(requestId, { url: pathname, encoding });
  });
  devTools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const response = responses.get(requestId);
    if (response !== undefined) transfers.push({ ...response, bytes: encodedDataLength });
  });
  return transfers;
}

export const sumOf = (transfers: readonly Transfer[]): number =>
  transfers.reduce((sum, { bytes }) => sum + bytes, 0);
