import type { Availability, ChatModel, Completion } from "../../chat/chat-model.ts";
import { AppError } from "../../errors/app-error.ts";

const REASON = "The built-in model is switched off (EMBEDDED_MODEL=none).";
const ACTION = "Start the server without that setting to use it.";

/** The built-in provider when it is turned off. It fetches nothing. */
export class SwitchedOffModel implements ChatModel {
  readonly id = "embedded";
  readonly name = "Built-in";
  readonly defaultModel = "none";
  readonly settings = [];
  readonly lacks = [];

  async availability(): Promise<Availability> {
    return { available: false, reason: REASON, action: ACTION, models: [] };
  }

  async generate(): Promise<Completion> {
    throw new AppError("provider_unavailable", `${REASON} ${ACTION}`);
  }

  wireRequest(): null {
    return null;
  }

  async close(): Promise<void> {}
}
