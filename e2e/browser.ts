import { type Browser, chromium } from "playwright-core";

const browsers: Browser[] = [];

/** The Chromium that CHROMIUM_PATH names, else the one that Playwright has fetched. */
export async function launchBrowser(): Promise<Browser> {
  const browser = await chromium.launch({
    ...(process.env.CHROMIUM_PATH && { executablePath: process.env.CHROMIUM_PATH }),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
    ],
  });
  browsers.push(browser);
  return browser;
}

/** Closes what the browsers show: an open page renders and asks its server, though no test looks at it. */
export async function closePages(): Promise<void> {
  const contexts = browsers.flatMap((browser) => browser.contexts());
  await Promise.all(contexts.map((context) => context.close()));
}
