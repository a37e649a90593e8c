import type { OutputItem, TurnUpdate } from "@redis-memory-magic/memory";
import type { ApiResponse } from "@redis-memory-magic/protocol/openai";
import { textPart, toApiItem } from "./api-items.ts";
import type { TurnAddress } from "./ids.ts";
import { lastItemStatus, outputItemId } from "./response.ts";
import { TextDeltas } from "./text-deltas.ts";

/** What a turn makes, without its end. */
export type OutputUpdate = Exclude<TurnUpdate, { readonly type: "end" }>;

/** The events of one kind of item: around its text, and for each delta. Null: it has none. */
interface ItemEvents {
  readonly added: (item: CurrentItem) => ResponseEvent[];
  readonly delta: (item: CurrentItem, delta: string) => ResponseEvent;
  readonly done: (item: CurrentItem) => ResponseEvent[];
}

interface ResponseEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** How events are written. */
export interface EventFormat {
  readonly event: (event: ResponseEvent) => string;
  /** Behind the last event. */
  readonly end: string;
}

const SERVER_SENT: EventFormat = {
  event: (event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
  end: "data: [DONE]\n\n",
};

interface CurrentItem {
  readonly id: string;
  readonly index: number;
  readonly events: ItemEvents | null;
  readonly deltas: TextDeltas;
  item: OutputItem;
  text: string;
}

/**
 * Writes a turn as the API's event stream. The events depend only on the turn as it is stored, so that a replay is the
 * same as the live stream, byte by byte, and each event has the same number. An item's last events are written when
 * the next item begins or the turn has ended: only then is its status certain.
 */
export class ResponseEvents {
  #turn: TurnAddress;
  readonly #after: number;
  readonly #format: EventFormat;
  #next = 0;
  #items = 0;
  #current: CurrentItem | undefined;

  /** @param after the number of the last event that the client has seen; -1: none */
  constructor(turn: TurnAddress, after = -1, format = SERVER_SENT) {
    this.#turn = turn;
    this.#after = after;
    this.#format = format;
  }

  /** @param response as it was when it began */
  begin(response: ApiResponse): string {
    const before = response.background ? { ...response, status: "queued" } : response;
    const created = this.#event({ type: "response.created", response: before });
    const queued = response.background ? this.#event({ type: "response.queued", response: before }) : "";
    return created + queued + this.#event({ type: "response.in_progress", response });
  }

  /** The response has no output yet, and that of this turn becomes its output. */
  continueWith(turn: TurnAddress): void {
    this.#turn = turn;
  }

  write(update: OutputUpdate): string {
    switch (update.type) {
      case "item":
        return this.#finish("completed") + this.#start(update.item);
      case "item_done":
        if (this.#current) this.#current.item = update.item;
        return "";
      default: {
        // Of a turn that only writes text, the message begins with its text.
        const started = this.#current ? "" : this.#start({ role: "assistant", content: "" });
        return started + this.#write(update.text);
      }
    }
  }

  /** @param response as it has ended */
  end(response: ApiResponse): string {
    const finished = this.#finish(lastItemStatus(response.status));
    const type = response.status === "cancelled" ? "response.failed" : `response.${response.status}`;
    const { error, output } = response;
    // The SDKs throw this event: what there is of an output would not reach the client.
    const failure = error && output.length === 0 ? this.#event(failureOf(error)) : "";
    return finished + failure + this.#event({ type, response }) + this.#format.end;
  }

  #start(item: OutputItem): string {
    const index = this.#items++;
    const id = outputItemId(this.#turn, item, index);
    const current: CurrentItem = {
      id,
      index,
      events: eventsOf(item),
      deltas: new TextDeltas(),
      item,
      text: "",
    };
    this.#current = current;
    const started = { ...toApiItem(item, id, "in_progress") };
    if (started.type === "message") started.content = [];
    return this.#all([
      { type: "response.output_item.added", output_index: index, item: started },
      ...(current.events?.added(current) ?? []),
    ]);
  }

  #write(text: string): string {
    const current = this.#current;
    if (!current) return "";
    current.text += text;
    return this.#deltas(current, current.deltas.add(text));
  }

  #finish(status: "in_progress" | "completed" | "incomplete"): string {
    const current = this.#current;
    if (!current) return "";
    this.#current = undefined;
    const rest = this.#deltas(current, current.deltas.end());
    const { id, index, text, events } = current;
    const { toolCalls: [call] = [] } = current.item;
    const item = {
      ...current.item,
      content: text,
      ...(call && { toolCalls: [{ ...call, arguments: text }] }),
    };
    return (
      rest +
      this.#all([
        ...(events?.done(current) ?? []),
        { type: "response.output_item.done", output_index: index, item: toApiItem(item, id, status) },
      ])
    );
  }

  #deltas(current: CurrentItem, deltas: Iterable<string>): string {
    let written = "";
    if (current.events) {
      for (const delta of deltas) written += this.#event(current.events.delta(current, delta));
    }
    return written;
  }

  #all(events: readonly ResponseEvent[]): string {
    let written = "";
    for (const event of events) written += this.#event(event);
    return written;
  }

  #event({ type, ...fields }: ResponseEvent): string {
    const number = this.#next++;
    if (number <= this.#after) return "";
    return this.#format.event({ type, sequence_number: number, ...fields });
  }
}

/** Clients look for the error in one of two places. */
const failureOf = ({ code, message }: NonNullable<ApiResponse["error"]>): ResponseEvent => ({
  type: "error",
  code,
  message,
  param: null,
  error: { type: code, code, message, param: null },
});

const MESSAGE: ItemEvents = {
  added: (current) => [
    { type: "response.content_part.added", ...ofPart(current, textPart("assistant", "")) },
  ],
  delta: ({ id, index }, delta) => ({
    type: "response.output_text.delta",
    item_id: id,
    output_index: index,
    content_index: 0,
    delta,
    logprobs: [],
  }),
  done: (current) => [
    {
      type: "response.output_text.done",
      item_id: current.id,
      output_index: current.index,
      content_index: 0,
      text: current.text,
      logprobs: [],
    },
    { type: "response.content_part.done", ...ofPart(current, textPart("assistant", current.text)) },
  ],
};

const REASONING: ItemEvents = {
  added: (current) => [{ type: "response.content_part.added", ...ofPart(current, reasoningPart("")) }],
  delta: ({ id, index }, delta) => ({
    type: "response.reasoning_text.delta",
    item_id: id,
    output_index: index,
    content_index: 0,
    delta,
  }),
  done: (current) => [
    {
      type: "response.reasoning_text.done",
      item_id: current.id,
      output_index: current.index,
      content_index: 0,
      text: current.text,
    },
    { type: "response.content_part.done", ...ofPart(current, reasoningPart(current.text)) },
  ],
};

const FUNCTION_CALL: ItemEvents = {
  added: () => [],
  delta: ({ id, index }, delta) => ({
    type: "response.function_call_arguments.delta",
    item_id: id,
    output_index: index,
    delta,
  }),
  done: ({ id, index, item, text }) => [
    {
      type: "response.function_call_arguments.done",
      item_id: id,
      output_index: index,
      name: item.toolCalls?.[0]?.name,
      arguments: text,
    },
  ],
};

function eventsOf({ role, type, toolCalls }: OutputItem): ItemEvents | null {
  if (role !== undefined) return MESSAGE;
  if (type === "reasoning") return REASONING;
  return toolCalls ? FUNCTION_CALL : null;
}

const ofPart = ({ id, index }: CurrentItem, part: object) => ({
  item_id: id,
  output_index: index,
  content_index: 0,
  part,
});

const reasoningPart = (text: string) => ({ type: "reasoning_text", text });
