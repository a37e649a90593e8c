import type { IndexedItem, Item, Note, TurnHistory } from "@redis-memory-magic/memory";
import type { ContextReport, Lack, SentMessage, Turn } from "@redis-memory-magic/protocol";
import { mapInBatches } from "../map-in-batches.ts";
import { readStored } from "./asked-turn.ts";
import { retryRefused } from "./begin-turn.ts";
import type { ChatModel, ModelRequest } from "./chat-model.ts";
import { beginOfTurn, DEFAULT_SYSTEM_PROMPT, hashPayload, historyBytes, leftOutOf } from "./context.ts";
import type { ContentPart, ContextItem, ImagePart } from "./context-item.ts";
import { costOf } from "./cost.ts";
import { countedText, tokensOfAttachments, tokensOfImage } from "./item-tokens.ts";
import { type Prompt, promptOf, quotingAt } from "./normalize-prompt.ts";
import { notesBlock, readNotes, type SentNotes, withNotes } from "./notes-block.ts";
import { outsideOf } from "./outside.ts";
import { asItem, type Planner } from "./plan.ts";
import type { Providers } from "./providers.ts";
import { inOrder, type Recall, type RecalledTurn } from "./recall.ts";
import { quotedLines, recallBlock } from "./recall-block.ts";
import {
  apportion,
  partsOf,
  type ReadContents,
  type ReadRecall,
  type ReportedNotes,
} from "./report-parts.ts";
import { requestOf, toRequest } from "./running-turn.ts";
import type { SessionStore } from "./session-store.ts";
import type { TurnRecord } from "./stored-session.ts";
import { type Contents, contentsBlock } from "./table-of-contents.ts";
import type { TokenCounter } from "./token-counter.ts";
import { truncationOf } from "./truncation.ts";
import type { TurnRequest } from "./turn-request.ts";
import { storedResult } from "./turn-result.ts";

// The id of the message that is not stored yet. A stored message never has an empty id.
const NOT_STORED = "";

interface ReportInput {
  readonly model: ChatModel;
  readonly request: ModelRequest;
  readonly prompt: Prompt;
  readonly items: readonly IndexedItem[];
  /** How many of them are the turn's input. */
  readonly inputCount: number;
  readonly notes: ReportedNotes | undefined;
  readonly contents: ReadContents | undefined;
  readonly recalled: ReadRecall | undefined;
  readonly leftOut: number;
  readonly mode: "stateless" | "stateful";
  readonly budget: number;
  readonly lacks: readonly Lack[] | undefined;
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
    const stored = await readStored(sessions, sessionId, turnId);
    const { response, error } = storedResult(sessionId, stored);
    return {
      turn_id: turnId,
      session_id: sessionId,
      status: stored.record.status,
      mode: response.mode,
      provider: response.provider,
      model: response.model,
      response: response.response,
      output: response.output,
      finish_reason: response.finish_reason,
      usage: response.usage,
      ...(error && { code: error.code, detail: error.message }),
      report: await this.#reportOf(sessions, sessionId, stored.record),
    };
  }

  /** The report that this turn would have. Changes nothing. @throws AppError as `Chat.ask` does */
  async preview(sessions: SessionStore, body: TurnRequest): Promise<ContextReport> {
    const notes = await readNotes(sessions, body);
    const plan = await this.#planner.plan(body, notes);
    const found = await this.#find(sessions, body, plan);
    const { session_id: sessionId } = body;
    const outside = outsideOf(sessions, sessionId, plan.otherSessions);
    const context = await this.#planner.context(plan, found, outside);
    const { contents, recalled, items } = context;
    const report = await this.#report({
      model: plan.model,
      ...toRequest(plan, context),
      items,
      inputCount: plan.inputCount,
      notes: plan.notes && withBlock(plan.notes, notes),
      contents: contents && (await readContents(sessions, sessionId ?? "", contents.contents)),
      recalled: recalled && (await this.#recalled(sessions, sessionId ?? "", recalled.recall)),
      leftOut: leftOutOf(found.count, context),
      mode: body.mode,
      budget: plan.budget,
      lacks: plan.lacks,
    });
    return { ...report, cost: costOf(plan.modelInfo.price, report.tokens.counted, 0, 0) };
  }

  /** What the turn would find, with the message that is not stored yet. */
  async #find(
    sessions: SessionStore,
    body: TurnRequest,
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
    const found = body.unstored
      ? { ...nowhere, items: body.unstored.history, count: body.unstored.history.length }
      : body.session_id === undefined
        ? nowhere
        : await sessions.peek(body.session_id, {
            history: { maxBytes, window: String(plan.window) },
            ...(body.retry_of !== undefined && { retryOf: body.retry_of }),
          });
    if (body.retry_of !== undefined) {
      if (found.refused !== undefined) throw retryRefused(found.refused);
      return found;
    }
    const next = (found.items.at(-1)?.index ?? -1) + 1;
    const input = body.input.map((item, n) => ({
      index: next + n,
      item: { ...asItem(item), id: NOT_STORED },
    }));
    const { items } = body.mode === "stateful" ? found : nowhere;
    return { ...found, items: [...items, ...input], count: found.count + input.length };
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
      lacks,
      provider,
      model: name,
      mode,
    } = record.info;
    if (sent === undefined || tokens === undefined) return null;
    const { from, leftOut, window, budget, hash, recall } = sent;
    const contents = sent.contents && (await readContents(sessions, sessionId, sent.contents));
    const notes = sent.notes && withBlock(sent.notes, await sessions.notes.list());
    const model = this.#providers.get(provider);
    const items = await sessions.range(sessionId, from, record.userIndex + 1);
    const recalled = recall && (await this.#recalled(sessions, sessionId, recall));
    const prompt = promptOf(
      withNotes(system, notes?.block ?? ""),
      items.map(({ item }) => item),
      lacks,
      { contents: contents?.block, recall: recalled?.block },
    );
    const report = await this.#report({
      model,
      request: requestOf(record.info, prompt, window, tokens.counted),
      prompt,
      items,
      inputCount: record.inputCount,
      notes,
      contents,
      recalled,
      leftOut,
      mode,
      budget,
      lacks,
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
      parts: apportion(report.parts, counted),
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

  /** Reads the turns that were recalled, as they are now. */
  async #recalled(sessions: SessionStore, sessionId: string, recall: Recall): Promise<ReadRecall> {
    const others = new Set(recall.turns.flatMap(({ session }) => session ?? []));
    const titles = new Map(
      await mapInBatches(
        [...others],
        READS_AT_A_TIME,
        async (id) => [id, (await sessions.get(id))?.title ?? null] as const,
      ),
    );
    const turns = await mapInBatches(recall.turns, READS_AT_A_TIME, async (turn) => ({
      ...turn,
      title: turn.session === undefined ? undefined : titles.get(turn.session),
      items: quotedItems(turn, await sessions.range(turn.session ?? sessionId, turn.from, turn.to)),
    }));
    const quoted = inOrder(turns).filter(({ items }) => items.length > 0);
    return { ...recall, turns, block: quoted.length === 0 ? "" : recallBlock(quoted) };
  }

  async #report(input: ReportInput): Promise<ContextReport> {
    const { model, request, prompt, items, inputCount, notes, contents, recalled } = input;
    const { leftOut, mode, budget, lacks } = input;
    const turns = recalled?.turns ?? [];
    const [forSystem = 0, forNotes = 0, forContents = 0, forRecall = 0, ...counts] = await this.#tokens.count(
      model,
      request.model,
      [
        request.system,
        notes?.block ?? "",
        contents?.block ?? "",
        recalled?.block ?? "",
        ...turns.map((turn) => quotedLines(turn).join("\n")),
        ...items.map(({ item }) => countedText(item, lacks)),
      ],
    );
    const [turnTokens, tokens] = [counts.slice(0, turns.length), counts.slice(turns.length)];
    const contentsTokens = contents?.block ? forContents : 0;
    const recallTokens = recalled?.block ? forRecall : 0;
    const quoting = quotingAt(prompt.items);
    const idAt = (n: number): string | null => {
      const id = items[n]?.item.id ?? NOT_STORED;
      return id === NOT_STORED ? null : id;
    };
    const system =
      request.system === ""
        ? []
        : [{ role: "system" as const, content: request.system, tokens: forSystem, message_id: null }];
    const entries = prompt.items.map(({ sources, ...item }) => ({
      sources,
      tokens: sources.reduce((sum, n) => sum + (tokens[n] ?? 0), tokensOfAttachments(partsIn(item))),
    }));
    const sent = prompt.items.map(({ sources, ...item }, position) => ({
      ...toSentItem(item),
      tokens:
        (entries[position]?.tokens ?? 0) +
        (position === quoting.first ? contentsTokens : 0) +
        (position === quoting.last ? recallTokens : 0),
      message_id: idAt(sources.at(-1) ?? -1),
      ...(sources.length > 1 && { joined_ids: sources.slice(0, -1).flatMap((n) => idAt(n) ?? []) }),
    }));
    const all = [...system, ...sent];
    const parts = partsOf({
      systemTokens: system[0]?.tokens ?? 0,
      notes: notes && { ...notes, tokens: notes.block === "" ? 0 : forNotes },
      entries,
      sourceTokens: tokens,
      idAt,
      current: beginOfTurn(items, inputCount),
      contents: contents && { ...contents, tokens: contentsTokens },
      recalled: recalled && { ...recalled, tokens: recallTokens, turnTokens },
    });
    return {
      messages: all,
      parts,
      left_out:
        leftOut > 0 ? [{ reason: mode === "stateless" ? "stateless" : "window", messages: leftOut }] : [],
      normalized: [...prompt.changes],
      intact: true,
      hash: hashPayload(request.system, request.items),
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

/** Reads of a report that are made at a time: others' come between. */
const READS_AT_A_TIME = 10;

const withBlock = (sent: SentNotes, notes: readonly Note[]): ReportedNotes => ({
  ...sent,
  block: notesBlock(notes.filter(({ id }) => sent.ids.includes(id))),
});

/** Reads the messages that a table of contents listed, as they are now. */
async function readContents(
  sessions: SessionStore,
  sessionId: string,
  contents: Contents,
): Promise<ReadContents> {
  const found = await mapInBatches(contents.listed, READS_AT_A_TIME, (index) =>
    sessions.range(sessionId, index, index + 1),
  );
  const items = found.flat().map(({ item }) => item);
  const { summaries } =
    typeof contents.summary === "number" ? await sessions.summaries(sessionId) : { summaries: [] };
  const summary = summaries.find(({ to }) => to === contents.summary);
  return { ...contents, items, written: summary, block: contentsBlock(items, summary) };
}

/** What was quoted of a turn. */
const quotedItems = ({ passage }: RecalledTurn, items: readonly IndexedItem[]): Item[] =>
  items.flatMap(({ index, item }) => {
    if (passage === undefined) return item.type === "reasoning" ? [] : [item];
    return index === passage.index
      ? [{ ...item, content: item.content.slice(passage.from, passage.to) }]
      : [];
  });

/** An item as the report shows it: without the data of images, which stays where it is stored. */
function toSentItem(
  item: ContextItem,
): Pick<SentMessage, "role" | "content" | "type" | "name" | "call_id" | "images"> {
  if (item.type === "function_call") {
    const { type, name, callId, arguments: content } = item;
    return { role: "assistant", type, content, name, call_id: callId };
  }
  const images = imagesOf(item).map((image) => ({
    url: image.url.startsWith("data:") ? null : image.url,
    tokens: tokensOfImage(image),
    ...(image.width !== undefined && { width: image.width }),
    ...(image.height !== undefined && { height: image.height }),
  }));
  const shown = { content: item.content, ...(images.length > 0 && { images }) };
  return item.type === undefined
    ? { role: item.role, ...shown }
    : { role: "tool", type: item.type, call_id: item.callId, ...shown };
}

const partsIn = (item: ContextItem): readonly ContentPart[] =>
  item.type === "function_call" ? [] : (item.parts ?? []);

const imagesOf = (item: ContextItem): ImagePart[] =>
  partsIn(item).flatMap((part) => (part.type === "image" ? [part] : []));
