import type { RequestedTurn, TurnPermit } from "../chat/caller.ts";
import type { TurnInfo } from "../chat/turn-info.ts";
import { AppError } from "../errors/app-error.ts";
import type { OutputEstimates } from "./output-estimates.ts";
import { estimateTokens, TurnBudget } from "./turn-budget.ts";
import type { Account, UsageLimits } from "./usage-limits.ts";

/**
 * Takes a slot for a turn, unless it runs in the background, and reserves the tokens and the money that it is expected to use.
 * @throws AppError `too_many_streams`, `allowance_used`, `invalid_request` for a model without a price
 */
export async function admitTurn(
  limits: UsageLimits,
  accounts: readonly Account[],
  estimates: OutputEstimates,
  { info: requested, content, price, background = false }: RequestedTurn,
): Promise<TurnPermit> {
  const release = background ? () => {} : await limits.acquireSlots(accounts);
  let budget: TurnBudget | undefined;
  if (limits.isLimited(accounts, "tokens", "usd")) {
    try {
      if (price === null && limits.isLimited(accounts, "usd")) throw unknownPrice(requested.model);
      budget = new TurnBudget({ limits, accounts, price });
      const input = estimateTokens(content) + estimateTokens(requested.system ?? "");
      await budget.reserve(input, estimates.estimate(requested));
    } catch (error) {
      release();
      throw error;
    }
  }
  return new Permit(release, budget, background ? undefined : estimates);
}

class Permit implements TurnPermit {
  readonly #release: () => void;
  readonly #budget: TurnBudget | undefined;
  readonly #estimates: OutputEstimates | undefined;
  #written = 0;

  /** @param estimates learns from the turn */
  constructor(release: () => void, budget?: TurnBudget, estimates?: OutputEstimates) {
    this.#release = release;
    this.#budget = budget;
    this.#estimates = estimates;
  }

  get exhausted(): AbortSignal | undefined {
    return this.#budget?.exhausted;
  }

  async sent(inputTokens: number): Promise<void> {
    await this.#budget?.sent(inputTokens);
  }

  wrote(text: string): void {
    this.#written += estimateTokens(text);
    void this.#budget?.wrote(text);
  }

  settle(info?: TurnInfo): void {
    this.#release();
    const { counted = 0, reported, cached, output } = info?.tokens ?? {};
    const outputTokens = output ?? Math.ceil(this.#written);
    if (info) this.#estimates?.learn(info, outputTokens);
    this.#budget?.settle(reported ?? counted, cached ?? 0, outputTokens);
  }
}

function unknownPrice(model: string): AppError {
  const message = "must be one whose price is known, because this server limits costs: see GET /providers";
  return new AppError("invalid_request", `The model ${model} cannot be used: it ${message}.`, {
    errors: [{ field: "model", message }],
  });
}
