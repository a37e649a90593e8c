import { AxeBuilder } from "@axe-core/playwright";
import type { Locator, Page } from "playwright-core";

interface PickedFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** The page as a person finds their way on it: by the names of things, not by how they are made. */
export class ChatPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get badge(): Locator {
    return this.page.getByRole("status").filter({ hasText: /^(No Memory|Remembering)$/ });
  }

  get answers(): Locator {
    return this.page.getByRole("log", { name: "Conversation" }).getByRole("article", { name: "Assistant" });
  }

  async memory(choice: "Stateless" | "Stateful"): Promise<void> {
    await this.#choose("Memory", choice);
  }

  async provider(name: RegExp | string): Promise<void> {
    await this.#choose("Provider", name);
  }

  async #choose(group: string, name: RegExp | string): Promise<void> {
    // A person clicks what is seen; the radio itself may be drawn otherwise.
    await this.page
      .getByRole("radiogroup", { name: group })
      .getByRole("radio", { name })
      .check({ force: true });
  }

  /** Returns what axe finds on the page at rest: colours on their way have a contrast of their own. */
  async violations(): Promise<string[]> {
    await this.page.mouse.move(0, 0);
    await this.page.waitForFunction(`(async () => {
      // What the pointer has changed begins to move with the next frame.
      for (let n = 0; n < 2; n++) await new Promise(requestAnimationFrame);
      return document.getAnimations().every((it) => it.effect?.getComputedTiming().iterations === Infinity);
    })()`);
    const { violations } = await new AxeBuilder({ page: this.page }).analyze();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`));
  }

  /** Adds files to the draft by the picker. */
  async attach(...files: readonly PickedFile[]): Promise<void> {
    const opened = this.page.waitForEvent("filechooser");
    await this.page.getByRole("button", { name: /^Add (images or )?text files$/ }).click();
    await (await opened).setFiles([...files]);
  }

  /** Sends a message and waits for its answer to be whole. */
  async say(message: string): Promise<string> {
    // Not by the number of answers: earlier ones may still be loading, and a list shows only those in view. From the
    // click on, the answer can be stopped until it is whole.
    const answered = this.page.waitForResponse(
      (response) => response.request().method() === "POST" && response.url().endsWith("/api/chat"),
    );
    await this.page.getByRole("textbox", { name: "Message" }).fill(message);
    await this.page.getByRole("button", { name: "Send" }).click();
    await answered;
    await this.page.getByRole("button", { name: "Stop" }).waitFor({ state: "hidden", timeout: 120_000 });
    return this.answers.last().innerText();
  }
}
