import type { Item, NewItem, Note, TurnHistory } from "@redis-memory-magic/memory";
import { type Lack, lack, type ModelInfo } from "@redis-memory-magic/protocol";
import { LRUCache } from "lru-cache";
import { AppError } from "../errors/app-error.ts";
import { type ChatModel, MIN_CONTEXT_WINDOW } from "./chat-model.ts";
import {
  buildContext,
  type Context,
  contextBudget,
  DEFAULT_SYSTEM_PROMPT,
  recallRoom,
  UNKNOWN_WINDOW,
} from "./context.ts";
import { attachmentTokens, countedText } from "./item-tokens.ts";
import { type FieldNames, type ModelSettings, unsupported } from "./model-settings.ts";
import { notesBlock, notesRoom, notesThatFit, type SentNotes, withNotes } from "./notes-block.ts";
import type { Outside } from "./outside.ts";
import type { Providers } from "./providers.ts";
import { recallTurns } from "./recall.ts";
import { readParts } from "./stored-parts.ts";
import { contentsRoom, listContents, summaryRoom } from "./table-of-contents.ts";
import type { TokenCounter } from "./token-counter.ts";
import type { TurnInfo } from "./turn-info.ts";
import type { TurnRequest } from "./turn-request.ts";

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
  /** The system prompt with the notes. */
  readonly system: string;
  /** The owner's notes at the end of the system prompt; absent: none. */
  readonly notes?: SentNotes;
  /** Tokens of the system prompt and of the tools. */
  readonly systemTokens: number;
  readonly settings: ModelSettings;
  /** How errors name the request's fields. */
  readonly fieldNames: FieldNames;
  /** What the model cannot be sent. */
  readonly lacks: readonly Lack[];
  readonly inputCount: number;
  /** True if the turn fails unless the model can be sent the whole history. */
  readonly wholeHistory: boolean;
  /** Tokens that the table of contents may take; 0: it is not sent. */
  readonly contentsRoom: number;
  /** Absent: the model is not asked for summaries. */
  readonly summary?: SummaryPlan;
  /** Tokens that recalled turns may take; 0: nothing is recalled. */
  readonly recallRoom: number;
  /** True if they may be from other sessions of the owner. */
  readonly otherSessions: boolean;
  /** Ids of items whose turns are not recalled. */
  readonly notRecalled: readonly string[];
  readonly info: TurnInfo;
}

/**
 * Returns the same plan for a smaller context window. The model is not asked for summaries: those of the plan are too long
 * for it. The next turn is planned with the window as it was learnt.
 */
export function withWindow({ summary: _, ...plan }: Plan, window: number): Plan {
  const budget = contextBudget(window);
  return {
    ...plan,
    window,
    budget,
    contentsRoom: plan.contentsRoom === 0 ? 0 : contentsRoom(budget),
    recallRoom: plan.recallRoom === 0 ? 0 : recallRoom(budget),
  };
}

/** The plan after a refusal that shows that the reasoning is needed; undefined: it shows nothing new. */
export function withReasoning(plan: Plan): Plan | undefined {
  const lacks = lacksOf(plan.model, plan.modelInfo, plan.settings);
  return lacks.length > plan.lacks.length ? { ...plan, lacks } : undefined;
}

/** How a summary is written, in the background after the turn. */
export interface SummaryPlan {
  /** Tokens that it may have to be sent. */
  readonly maxTokens: number;
  /** Tokens of the conversation that one call may be sent. */
  readonly maxSourceTokens: number;
}

/** Tokens that the instructions of a summary take, and some more. */
const SUMMARY_OVERHEAD = 400;
/** More would cost much, and a model sums up a longer text less well. */
const MAX_SOURCE = 6_000;
/** Of less there is nothing to sum up. */
const MIN_SOURCE = 200;

const LEARNED_WINDOW_TTL_MS = 10 * 60_000;

interface PlannerOptions {
  /** Limits the window of all turns. */
  readonly maxContextTokens?: number | undefined;
  /** False: no model is asked for summaries. */
  readonly summarizes?: boolean;
}

export class Planner {
  readonly #providers: Providers;
  readonly #tokens: TokenCounter;
  readonly #maxContextTokens: number;
  readonly #summarizes: boolean;
  /**
   * Windows that turned out to be smaller than the provider says, by provider and model. They expire, because the
   * operator can enlarge a window meanwhile.
   */
  readonly #windows = new LRUCache<string, number>({ max: 1000, ttl: LEARNED_WINDOW_TTL_MS });

  constructor(
    providers: Providers,
    tokens: TokenCounter,
    { maxContextTokens = Number.POSITIVE_INFINITY, summarizes = true }: PlannerOptions = {},
  ) {
    this.#providers = providers;
    this.#tokens = tokens;
    this.#maxContextTokens = maxContextTokens;
    this.#summarizes = summarizes;
  }

  /**
   * @param notes the owner's, oldest first; of these the newest that fit are sent
   * @throws AppError `provider_unavailable`, `context_too_small`, `invalid_request`
   */
  async plan(body: TurnRequest, notes: readonly Note[] = []): Promise<Plan> {
    const { model, info, listed } = await this.#providers.ready(body.provider, body.model);
    const { input, settings = {}, fieldNames = {} } = body;
    assertSupported(model, settings, fieldNames);
    const asked = body.context_tokens ?? Number.POSITIVE_INFINITY;
    const largest = Math.min(
      info.context_window ?? UNKNOWN_WINDOW,
      this.#windows.get(windowKey(model, info.id)) ?? Number.POSITIVE_INFINITY,
      this.#maxContextTokens,
    );
    const window = Math.min(largest, asked);
    const budget = contextBudget(window);
    const sentNotes = notesThatFit(notes, notesRoom(budget), (text) =>
      this.#tokens.estimate(model, info.id, text),
    );
    const system = withNotes(body.system ?? DEFAULT_SYSTEM_PROMPT, notesBlock(sentNotes));
    const tools = settings.tools === undefined ? "" : JSON.stringify(settings.tools);
    const [forSystem = 0, forTools = 0] = await this.#tokens.count(model, info.id, [system, tools]);
    const systemTokens = (system === "" ? 0 : forSystem) + (tools === "" ? 0 : forTools);
    const lacks = lacksOf(model, info, settings);
    const forInput = await this.#count(model, info.id, input.map(asItem), lacks);
    assertFits(
      forInput.reduce((sum, tokens) => sum + tokens, systemTokens),
      { window, budget, fieldNames },
    );
    const { mode, memory = "recall", wholeHistory = false } = body;
    const added = mode === "stateful" && !wholeHistory ? memory.split("+") : [];
    if (lacks.includes("images")) assertNoImages(info.id, input, fieldNames);
    const summary = added.includes("summary") && this.#summaryPlan(model, info.id, { largest, budget });
    return {
      model,
      modelInfo: info,
      listed,
      window,
      budget,
      system,
      ...(notes.length > 0 && { notes: { ids: sentNotes.map(({ id }) => id), total: notes.length } }),
      systemTokens,
      settings,
      fieldNames,
      lacks,
      inputCount: Math.max(1, input.length),
      wholeHistory,
      contentsRoom: added.includes("summary") ? contentsRoom(budget) : 0,
      ...(summary && { summary }),
      recallRoom: added.includes("recall") ? recallRoom(budget) : 0,
      otherSessions: body.other_sessions ?? false,
      notRecalled: body.not_recalled ?? [],
      info: {
        mode,
        provider: body.provider,
        model: info.id,
        ...(body.system !== undefined && { system: body.system }),
        ...(Object.keys(settings).length > 0 && { settings }),
        ...(body.client && { client: body.client }),
      },
    };
  }

  /** Undefined: the model is not asked. */
  #summaryPlan(
    model: ChatModel,
    name: string,
    { largest, budget }: { readonly largest: number; readonly budget: number },
  ): SummaryPlan | undefined {
    if (!this.#summarizes || !model.summaries?.isLargeEnough(name)) return undefined;
    const maxTokens = summaryRoom(contentsRoom(budget), (text) => this.#tokens.estimate(model, name, text));
    const maxSourceTokens = Math.min(MAX_SOURCE, contextBudget(largest) - SUMMARY_OVERHEAD);
    return maxTokens > 0 && maxSourceTokens >= MIN_SOURCE ? { maxTokens, maxSourceTokens } : undefined;
  }

  /** Takes note of a window that a call has shown to be smaller than the provider's list says. */
  learnWindow({ model, info }: Plan, tokens: number): void {
    if (tokens < MIN_CONTEXT_WINDOW) return;
    this.#windows.set(windowKey(model, info.model), tokens);
  }

  /**
   * Chooses which of the messages are sent; the current one is the last.
   * @param outside what can be read of messages outside the window
   * @throws AppError `context_too_small`
   */
  async context(
    plan: Plan,
    { items, rememberedStart, complete }: TurnHistory,
    outside: Outside = {},
  ): Promise<Context> {
    const tokens = await this.#count(
      plan.model,
      plan.info.model,
      items.map(({ item }) => item),
      plan.lacks,
    );
    const { systemTokens, budget, inputCount, contentsRoom, recallRoom } = plan;
    const context = buildContext({
      items,
      tokens,
      inputCount,
      systemTokens,
      budget,
      rememberedStart,
      complete,
      reserved: contentsRoom + recallRoom,
    });
    // `plan` did not know the message of a retry.
    assertFits(context.tokens, plan);
    if (plan.wholeHistory && (context.items.length < items.length || !complete || rememberedStart !== null)) {
      const all = tokens.reduce((sum, count) => sum + count, systemTokens);
      throw historyTooLong(complete ? `takes ${all} tokens` : `takes more than ${all} tokens`, plan);
    }
    return this.#withRecall(plan, await this.#withContents(plan, context, outside), outside);
  }

  async #withContents(plan: Plan, context: Context, { questions, summaries }: Outside): Promise<Context> {
    const { start } = context;
    const isAllSent = start === null || plan.contentsRoom === 0;
    if (isAllSent || questions === undefined || summaries === undefined) return context;
    const contents = await listContents({
      read: questions,
      readSummaries: summaries,
      canSummarize: plan.summary !== undefined,
      start,
      before: context.items[0]?.item.id ?? "",
      maxTokens: Math.min(plan.contentsRoom, plan.budget - context.tokens),
      ...this.#counters(plan),
    });
    return { ...context, contents, tokens: context.tokens + contents.tokens };
  }

  async #withRecall(plan: Plan, context: Context, { search }: Outside): Promise<Context> {
    const isAllSent = context.start === null && !plan.otherSessions;
    if (isAllSent || plan.recallRoom === 0 || search === undefined) return context;
    const recalled = await recallTurns({
      search,
      items: context.items.map(({ item }) => item),
      exclude: plan.notRecalled,
      maxTokens: Math.min(plan.recallRoom, plan.budget - context.tokens),
      ...this.#counters(plan),
    });
    return { ...context, recalled, tokens: context.tokens + recalled.tokens };
  }

  /** Count a text as the plan's model does: exactly if it has a tokenizer, or at once. */
  #counters({ model, info }: Plan) {
    return {
      count: async (text: string) => (await this.#tokens.count(model, info.model, [text]))[0] ?? 0,
      estimate: (text: string) => this.#tokens.estimate(model, info.model, text),
    };
  }

  async #count(
    model: ChatModel,
    name: string,
    items: readonly Item[],
    lacks: readonly Lack[],
  ): Promise<number[]> {
    const texts = items.map((item) => countedText(item, lacks));
    const tokens = await this.#tokens.count(model, name, texts);
    return items.map((item, n) =>
      item.type === "reasoning" && texts[n] === ""
        ? 0
        : (tokens[n] ?? 0) + (item.parts === undefined ? 0 : attachmentTokens(item)),
    );
  }
}

/** An item that is not stored yet. */
export const asItem = (item: NewItem): Item =>
  ({
    content: item.toolCalls?.[0]?.arguments ?? "",
    ...item,
    id: item.id ?? "",
    createdAt: new Date(),
  }) as Item;

function assertSupported(model: ChatModel, settings: ModelSettings, names: FieldNames): void {
  const fields = unsupported(settings, model.settings, names);
  if (fields.length === 0) return;
  const message = `cannot be set for ${model.name}`;
  throw new AppError(
    "invalid_request",
    `${fields.join(", ")}: ${message}. Leave it out, or choose another provider.`,
    {
      errors: fields.map((field) => ({ field, message })),
    },
  );
}

function assertNoImages(name: string, input: readonly NewItem[], names: FieldNames): void {
  const hasImage = input.some(({ parts }) => readParts(parts)?.parts.some(({ type }) => type === "image"));
  if (!hasImage) return;
  const message = `cannot have images: the model ${name} does not see them`;
  throw new AppError(
    "invalid_request",
    `This message ${message}. Choose a model that does, or leave them out.`,
    {
      errors: [{ field: names.attachments ?? "attachments", message }],
    },
  );
}

/** What is known to be missing: what is not known is tried. */
function lacksOf(
  model: ChatModel,
  { id, capabilities }: ModelInfo,
  settings: ModelSettings,
): readonly Lack[] {
  const { images, tools } = capabilities ?? {};
  const isLoop = settings.tools !== undefined && model.needsReasoning?.(id) === true;
  if (images !== false && tools !== false && !isLoop) return model.lacks;
  return lack.options.filter(
    (option) =>
      model.lacks.includes(option) ||
      (option === "bare_answers" && isLoop) ||
      (option === "images" && images === false) ||
      (option === "tools" && tools === false),
  );
}

const windowKey = (model: ChatModel, modelName: string): string => `${model.id}\n${modelName}`;

function historyTooLong(size: string, { window, budget }: Plan): AppError {
  const detail =
    `The conversation ${size}; a context window of ${window} has room for ${budget}, the rest is reserved for the ` +
    `answer. Allow that its oldest turns are left out, or begin a new one.`;
  return new AppError("context_too_small", detail);
}

function assertFits(
  tokens: number,
  { window, budget, fieldNames }: Pick<Plan, "window" | "budget" | "fieldNames">,
): void {
  if (tokens <= budget) return;
  const { input, context_tokens = "context_tokens" } = fieldNames;
  const field = input ?? context_tokens;
  const remedy = input === undefined ? `Shorten them, or raise ${field}.` : "Shorten them.";
  const detail =
    `The system prompt and the message take ${tokens} tokens; a context window of ${window} ` +
    `has room for ${budget}, the rest is reserved for the answer. ${remedy}`;
  throw new AppError("context_too_small", detail, { errors: [{ field, message: detail }] });
}
