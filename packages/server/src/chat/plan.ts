import type { TurnHistory } from "@redis-memory-magic/memory";
import type { ChatRequest, ModelInfo } from "@redis-memory-magic/protocol";
import { LRUCache } from "lru-cache";
import { AppError } from "../errors/app-error.ts";
import type { ChatModel } from "./chat-model.ts";
import {
  buildContext,
  type Context,
  contextBudget,
  DEFAULT_SYSTEM_PROMPT,
  UNKNOWN_WINDOW,
} from "./context.ts";
import type { Providers } from "./providers.ts";
import type { TokenCounter } from "./token-counter.ts";
import type { TurnInfo } from "./turn-info.ts";

/** What a request asks for, as far as it is known before its session is read. */
export interface Plan {
  readonly model: ChatModel;
  readonly modelInfo: ModelInfo;
  /** True if the model is on the provider's list. */
  readonly listed: boolean;
  /** The context window in tokens. */
  readonly window: number;
  /** The part of the window that is not reserved for the answer, in tokens. */
  readonly budget: number;
  readonly system: string;
  readonly systemTokens: number;
  readonly info: TurnInfo;
}

const LEARNED_WINDOW_TTL_MS = 10 * 60_000;
// No server runs a chat model with a smaller window. A smaller count is a wrong report, and would refuse every message.
const MIN_LEARNED_WINDOW = 256;

export class Planner {
  readonly #providers: Providers;
  readonly #tokens: TokenCounter;
  readonly #maxContextTokens: number;
  /**
   * Windows that turned out to be smaller than the provider says, by provider and model. They expire, because the
   * operator can enlarge a window meanwhile.
   */
  readonly #windows = new LRUCache<string, number>({ max: 1000, ttl: LEARNED_WINDOW_TTL_MS });

  /** @param maxContextTokens limits the window of all turns */
  constructor(providers: Providers, tokens: TokenCounter, maxContextTokens = Number.POSITIVE_INFINITY) {
    this.#providers = providers;
    this.#tokens = tokens;
    this.#maxContextTokens = maxContextTokens;
  }

  /** @throws AppError `provider_unavailable`, `context_too_small` */
  async plan(body: ChatRequest): Promise<Plan> {
    const { model, info, listed } = await this.#providers.ready(body.provider, body.model);
    const asked = body.context_tokens ?? Number.POSITIVE_INFINITY;
    const window = Math.min(
      info.context_window ?? UNKNOWN_WINDOW,
      this.#windows.get(windowKey(model, info.id)) ?? Number.POSITIVE_INFINITY,
      asked,
      this.#maxContextTokens,
    );
    const budget = contextBudget(window);
    const system = body.system ?? DEFAULT_SYSTEM_PROMPT;
    const message = body.message ?? "";
    const [forSystem = 0, forMessage = 0] = await this.#tokens.count(model, info.id, [system, message]);
    const systemTokens = system === "" ? 0 : forSystem;
    assertFits(systemTokens + forMessage, { window, budget });
    return {
      model,
      modelInfo: info,
      listed,
      window,
      budget,
      system,
      systemTokens,
      info: {
        mode: body.mode,
        provider: body.provider,
        model: info.id,
        ...(body.system !== undefined && { system }),
      },
    };
  }

  /** Takes note of a window that a call has shown to be smaller than the provider's list says. */
  learnWindow({ model, info }: Plan, tokens: number): void {
    if (tokens < MIN_LEARNED_WINDOW) return;
    this.#windows.set(windowKey(model, info.model), tokens);
  }

  /** Chooses which of the messages are sent; the current one is the last. @throws AppError `context_too_small` */
  async context(plan: Plan, { messages, rememberedStart, complete }: TurnHistory): Promise<Context> {
    const texts = messages.map(({ message }) => message.content);
    const tokens = await this.#tokens.count(plan.model, plan.info.model, texts);
    const { systemTokens, budget } = plan;
    const context = buildContext({ messages, tokens, systemTokens, budget, rememberedStart, complete });
    // `plan` did not know the message of a retry.
    assertFits(context.tokens, plan);
    return context;
  }
}

const windowKey = (model: ChatModel, modelName: string): string => `${model.id}\n${modelName}`;

function assertFits(tokens: number, { window, budget }: Pick<Plan, "window" | "budget">): void {
  if (tokens <= budget) return;
  const detail =
    `The system prompt and the message take ${tokens} tokens; a context window of ${window} ` +
    `has room for ${budget}, the rest is reserved for the answer. Shorten them, or raise context_tokens.`;
  throw new AppError("context_too_small", detail, { errors: [{ field: "context_tokens", message: detail }] });
}
