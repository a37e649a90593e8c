import type { IndexedMessage, TurnHistory } from "@redis-memory-magic/memory";
import type { ChatRequest, ContextReport, Turn } from "@redis-memory-magic/protocol";
import { AppError } from "../errors/app-error.ts";
import { retryRefused } from "./begin-turn.ts";
import type { ChatModel, ModelRequest } from "./chat-model.ts";
import { DEFAULT_SYSTEM_PROMPT, hashPayload, historyBytes } from "./context.ts";
import { costOf } from "./cost.ts";
import { normalizePrompt, type Prompt } from "./normalize-prompt.ts";
import type { Planner } from "./plan.ts";
import type { Providers } from "./providers.ts";
import { requestOf, toRequest } from "./running-turn.ts";
import type { SessionStore, TurnRecord } from "./session-store.ts";
import type { TokenCounter } from "./token-counter.ts";
import { truncationOf } from "./truncation.ts";
import { storedResult } from "./turn-result.ts";

// The id of the message that is not stored yet. A stored message never has an empty id.
const NOT_STORED = "";

interface ReportInput {
  readonly model: ChatModel;
  readonly request: ModelRequest;
  readonly prompt: Prompt;
  readonly messages: readonly IndexedMessage[];
  readonly leftOut: number;
  readonly mode: "stateless" | "stateful";
  readonly budget: number;
}

/** Context reports: what a turn sent, rebuilt from the messages that its record refers to, and what a turn would send. */
export class Reports {
  readonly #planner: Planner;
  readonly #providers: Providers;
  readonly #tokens: TokenCounter;

  constructor(planner: Planner, providers: Providers, tokens: TokenCounter) {
    this.#planner = planner;
    this.#providers = providers;
    this.#tokens = tokens;
  }

  /** @throws AppError `turn_not_found`, `storage_unavailable` */
  async turn(sessions: SessionStore, sessionId: string, turnId: string): Promise<Turn> {
    const stored = await sessions.turn(sessionId, turnId);
    if (stored === null) throw new AppError("turn_not_found", "There is no such turn in this session.");
    const { response, error } = storedResult(sessionId, stored);
    return {
      turn_id: turnId,
      session_id: sessionId,
      status: stored.record.status,
      mode: response.mode,
      provider: response.provider,
      model: response.model,
      response: response.response,
      finish_reason: response.finish_reason,
      usage: response.usage,
      ...(error && { code: error.code, detail: error.message }),
      report: await this.#reportOf(sessions, sessionId, stored.record),
    };
  }

  /** The report that this turn would have. Changes nothing. @throws AppError as `Chat.ask` does */
  async preview(sessions: SessionStore, body: ChatRequest): Promise<ContextReport> {
    const plan = await this.#planner.plan(body);
    const found = await this.#find(sessions, body, plan);
    const context = await this.#planner.context(plan, found);
    const report = await this.#report({
      model: plan.model,
      ...toRequest(plan, context),
      messages: context.messages,
      leftOut: found.count - context.messages.length,
      mode: body.mode,
      budget: plan.budget,
    });
    return { ...report, cost: costOf(plan.modelInfo.price, report.tokens.counted, 0, 0) };
  }

  /** What the turn would find, with the message that is not stored yet. */
  async #find(
    sessions: SessionStore,
    body: ChatRequest,
    plan: { budget: number; window: number },
  ): Promise<TurnHistory> {
    const nowhere = {
      items: [],
      messages: [],
      count: 0,
      rememberedStart: null,
      complete: true,
      refused: "unknown",
    } as const;
    const maxBytes = body.mode === "stateful" ? historyBytes(plan.budget) : 0;
    const found =
      body.session_id === undefined
        ? nowhere
        : await sessions.peek(body.session_id, {
            history: { maxBytes, window: String(plan.window) },
            ...(body.retry_of !== undefined && { retryOf: body.retry_of }),
          });
    if (body.retry_of !== undefined) {
      if (found.refused !== undefined) throw retryRefused(found.refused);
      return found;
    }
    const content = body.message ?? "";
    const index = (found.messages.at(-1)?.index ?? -1) + 1;
    const message = { id: NOT_STORED, role: "user" as const, content, createdAt: new Date() };
    const { items, messages } = body.mode === "stateful" ? found : nowhere;
    return {
      ...found,
      items: [...items, { index, item: message }],
      messages: [...messages, { index, message }],
      count: found.count + 1,
    };
  }

  async #reportOf(
    sessions: SessionStore,
    sessionId: string,
    record: TurnRecord,
  ): Promise<ContextReport | null> {
    const {
      sent,
      tokens,
      durations,
      system = DEFAULT_SYSTEM_PROMPT,
      provider,
      model: name,
      mode,
    } = record.info;
    if (sent === undefined || tokens === undefined) return null;
    const { from, leftOut, window, budget, hash } = sent;
    const model = this.#providers.get(provider);
    const messages = await sessions.range(sessionId, from, record.userIndex + 1);
    const prompt = normalizePrompt(
      system,
      messages.map(({ message }) => message),
    );
    const report = await this.#report({
      model,
      request: requestOf(name, prompt, window, tokens.counted),
      prompt,
      messages,
      leftOut,
      mode,
      budget,
    });
    const { counted, reported, cached, output } = tokens;
    const { models } = await this.#providers.availability(model);
    const price = models.find(({ id }) => id === name)?.price ?? null;
    const truncation = truncationOf(record.info);
    const { firstText: first = null, total = null } = durations ?? {};
    const seconds = first === null || total === null ? 0 : (total - first) / 1000;
    return {
      ...report,
      messages: apportion(report.messages, counted),
      hash,
      intact: report.hash === hash,
      tokens: { counted, estimated: report.tokens.estimated, reported, cached, output },
      ...(truncation && { truncation }),
      cost: costOf(price, reported ?? counted, cached ?? 0, output ?? 0),
      times: {
        started_at: record.startedAt.toISOString(),
        first_token_ms: first,
        total_ms: total,
        tokens_per_second: output === null || seconds <= 0 ? null : Math.round((output / seconds) * 10) / 10,
      },
    };
  }

  async #report(input: ReportInput): Promise<ContextReport> {
    const { model, request, prompt, messages, leftOut, mode, budget } = input;
    const [forSystem = 0, ...tokens] = await this.#tokens.count(model, request.model, [
      request.system,
      ...messages.map(({ message }) => message.content),
    ]);
    const idAt = (n: number): string | null => {
      const id = messages[n]?.message.id ?? NOT_STORED;
      return id === NOT_STORED ? null : id;
    };
    const system =
      request.system === ""
        ? []
        : [{ role: "system" as const, content: request.system, tokens: forSystem, message_id: null }];
    const sent = prompt.messages.map(({ role, content, sources }) => ({
      role,
      content,
      tokens: sources.reduce((sum, n) => sum + (tokens[n] ?? 0), 0),
      message_id: idAt(sources.at(-1) ?? -1),
      ...(sources.length > 1 && { joined_ids: sources.slice(0, -1).flatMap((n) => idAt(n) ?? []) }),
    }));
    const all = [...system, ...sent];
    return {
      messages: all,
      left_out:
        leftOut > 0 ? [{ reason: mode === "stateless" ? "stateless" : "window", messages: leftOut }] : [],
      normalized: [...prompt.changes],
      intact: true,
      hash: hashPayload(request.system, request.messages),
      context_window: request.contextWindow,
      budget,
      tokens: {
        counted: all.reduce((sum, { tokens }) => sum + tokens, 0),
        estimated: model.countTokens === undefined,
        reported: null,
        cached: null,
        output: null,
      },
      cost: null,
      times: {
        started_at: new Date().toISOString(),
        first_token_ms: null,
        total_ms: null,
        tokens_per_second: null,
      },
      request: model.wireRequest(request) as ContextReport["request"],
    };
  }
}

/**
 * Scales the tokens of the messages so that they add up to what was counted when they were sent: estimates may have
 * changed since.
 */
function apportion(messages: ContextReport["messages"], counted: number): ContextReport["messages"] {
  const sum = messages.reduce((total, { tokens }) => total + tokens, 0);
  if (sum === counted) return messages;
  let rest = counted;
  return messages.map((message, n) => {
    const tokens = n === messages.length - 1 ? rest : Math.floor((message.tokens * counted) / sum);
    rest -= tokens;
    return { ...message, tokens };
  });
}
