import {
  createUIMessageStreamResponse,
  safeValidateUIMessages,
  toUIMessageStream,
  type UIMessage,
  type UIMessageChunk,
} from "ai";
import type { Item } from "../../history/item.ts";
import type { MessageHistory } from "../../history/message-history.ts";
import type { BeginOptions } from "../../turns/begin-turn.ts";
import type { TurnOutcome } from "../../turns/turn-feed.ts";
import type { TurnWriter } from "../../turns/turn-writer.ts";
import type { Turns } from "../../turns/turns.ts";
import { assertFields, isId } from "../../validate.ts";
import { isEqual, toJson } from "../original.ts";
import { ChunkReader, ChunkWriter } from "./chunk-log.ts";
import {
  continuedItem,
  fromUiMessage,
  replay,
  type StoredMessage,
  toStoredMessages,
} from "./stored-messages.ts";

/** What an answer is made of. */
export interface AnswerContext {
  readonly chatId: string;
  /** The chat, up to the message to be answered; with `maxTokens`, the newest of it. */
  readonly messages: UIMessage[];
  /** Aborted when the answer is stopped: pass it to the model. */
  readonly signal: AbortSignal;
  readonly request: Request;
}

/** What `streamText` returns, or a stream of `createUIMessageStream`. */
export type Answer = { readonly stream: ReadableStream<unknown> } | ReadableStream<UIMessageChunk>;

export interface ChatHandlerOptions {
  readonly turns: Turns;
  readonly history: MessageHistory;
  /** Answers a chat. It goes on when the client disconnects, and ends when it is stopped. */
  readonly answer: (context: AnswerContext) => Answer | Promise<Answer>;
  /**
   * Returns the session of a chat, or null: the caller may not use it. Default: the chat's id is the session's. Needed
   * where there are several users: the id comes from the browser.
   */
  readonly session?: (chatId: string, request: Request) => string | null | Promise<string | null>;
  /**
   * Tokens of messages that `answer` is given at most: about four characters each, and 1,000 for a file. The message to
   * be answered is always given. Default: all messages.
   */
  readonly maxTokens?: number;
  /** Called with the promise of the whole answer: for a platform that ends the process after its response. */
  readonly waitUntil?: (done: Promise<void>) => void;
  /** Called when an answer fails. Default: `console.error`. */
  readonly onError?: (error: unknown) => void;
}

const FIELDS = new Set(["turns", "history", "answer", "session", "maxTokens", "waitUntil", "onError"]);

/** Handlers of requests, as Next.js, Hono and others take them. */
export interface ChatHandler {
  /** Answers a message: `useChat` sends it. */
  POST(request: Request): Promise<Response>;
  /** Resumes the answer that is being written: `…/<chat id>/stream`. 204 if no answer is being written. */
  GET(request: Request): Promise<Response>;
  /** Stops the answer that is being written: `…/<chat id>`. */
  DELETE(request: Request): Promise<Response>;
}

/**
 * The server's side of `useChat`. Each piece is shown after Redis has it, so an answer survives its server: another
 * process resumes it, for any number of tabs.
 *
 * @example
 * const { POST, GET, DELETE } = chatHandler({
 *   turns,
 *   history,
 *   answer: async ({ messages, signal }) =>
 *     streamText({ model, messages: await convertToModelMessages(messages), abortSignal: signal }),
 * });
 */
export function chatHandler(options: ChatHandlerOptions): ChatHandler {
  assertFields("options", options, FIELDS);
  for (const field of ["turns", "history", "answer"] as const) {
    if (!options[field]) throw new TypeError(`${field} is missing: pass { turns, history, answer }`);
  }
  const {
    turns,
    history,
    session: sessionOf = (chatId) => chatId,
    waitUntil,
    onError = console.error,
  } = options;

  const withSession = async (
    chatId: unknown,
    request: Request,
    handle: (session: string, chatId: string) => Promise<Response>,
  ): Promise<Response> => {
    if (!isId(chatId)) return problem(400, "The id of the chat is missing");
    const session = await sessionOf(chatId, request);
    return session === null ? problem(404, "There is no such chat") : handle(session, chatId);
  };

  const follow = async (session: string, turnId: string): Promise<Response> => {
    const stopped = new AbortController();
    const updates = await turns.follow(session, turnId, { signal: stopped.signal });
    if (updates === null) return new Response(null, { status: 204 });
    const chunks = readChunks(updates);
    const stream = new ReadableStream<UIMessageChunk>({
      async pull(controller) {
        const { value, done } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => stopped.abort(),
    });
    return createUIMessageStreamResponse({ stream });
  };

  const write = async (session: string, writer: TurnWriter, context: Omit<AnswerContext, "messages">) => {
    try {
      const messages = await readContext(history, session, options.maxTokens);
      const { chunks, failed } = await writeAnswer(
        await options.answer({ ...context, messages, signal: writer.signal }),
        writer,
        messages,
        onError,
      );
      const message = await replay(chunks, messages.at(-1));
      const isEmpty = message === undefined || message.parts.length === 0;
      await writer.end(failed ? "failed" : "completed", isEmpty ? {} : { message: fromUiMessage(message) });
    } catch (error) {
      try {
        // Stopped: the model's stream was aborted.
        if (!writer.signal.aborted) onError(error);
      } finally {
        await writer.end("failed");
      }
    }
  };

  return {
    async POST(request) {
      const body = (await request.json().catch(() => null)) as ChatRequest | null;
      const message = await readMessage(body);
      if (body === null || message === undefined)
        return problem(400, "The message is missing or is not a UIMessage");
      return withSession(body.id, request, async (session, chatId) => {
        const known = await findMessage(history, session, message);
        const begun = await turns.begin(session, await beginOptions(known, message, body.trigger));
        if (begun.kind === "busy")
          return problem(409, "An answer is being written. Stop it, or wait for its end");
        if (begun.kind === "refused") return problem(409, "The chat was changed meanwhile. Load it again");
        if (begun.kind !== "begun") return follow(session, begun.turnId);
        const { writer } = begun;
        const done = write(session, writer, { chatId, request, signal: writer.signal });
        waitUntil?.(done);
        return follow(session, writer.id);
      });
    },

    async GET(request) {
      return withSession(chatIdOf(request), request, async (session) => {
        const turnId = (await history.info(session))?.runningTurnId;
        return turnId ? follow(session, turnId) : new Response(null, { status: 204 });
      });
    },

    async DELETE(request) {
      return withSession(chatIdOf(request), request, async (session) => {
        const turnId = (await history.info(session))?.runningTurnId;
        return Response.json({ stopped: turnId ? await turns.cancel(session, turnId) : false });
      });
    },
  };
}

/** What `useChat` sends: with `prepareSendMessagesRequest`, the newest message alone. */
interface ChatRequest {
  readonly id?: unknown;
  readonly trigger?: string;
  readonly message?: unknown;
  readonly messages?: readonly unknown[];
}

async function readMessage(body: ChatRequest | null): Promise<UIMessage | undefined> {
  const message = body?.message ?? (Array.isArray(body?.messages) ? body.messages.at(-1) : undefined);
  const checked = await safeValidateUIMessages({ messages: [message] });
  const [valid] = checked.success ? checked.data : [];
  return valid !== undefined && isId(valid.id) && valid.role !== "system" ? valid : undefined;
}

/** `…/<chat id>` or `…/<chat id>/stream`. Undefined: it is not valid. */
function chatIdOf(request: Request): string | undefined {
  const segments = new URL(request.url).pathname.split("/").filter(Boolean);
  try {
    return decodeURIComponent((segments.at(-1) === "stream" ? segments.at(-2) : segments.at(-1)) ?? "");
  } catch {
    return undefined;
  }
}

async function findMessage(
  history: MessageHistory,
  session: string,
  { role, id }: UIMessage,
): Promise<StoredMessage | undefined> {
  // An answer can be several items, with other ids.
  const items =
    role === "assistant"
      ? await Array.fromAsync(history.items(session))
      : [(await history.getItem(session, id)) ?? []].flat();
  return (await toStoredMessages(items)).find(({ message }) => message.id === id);
}

/** A new message begins a turn; one that was changed, or is to be answered again, does so in its place. */
async function beginOptions(
  known: StoredMessage | undefined,
  message: UIMessage,
  trigger: string | undefined,
): Promise<BeginOptions> {
  const replaceFrom = known && { replaceFrom: known.itemId };
  if (message.role === "assistant") {
    const key = await digest(message);
    return { ...replaceFrom, message: continuedItem(message), idempotency: { key, requestHash: key } };
  }
  const isSame = known !== undefined && isEqual(toJson(known.message), toJson(message));
  const isSentAgain = isSame && trigger !== "regenerate-message";
  return { ...(!isSentAgain && replaceFrom), message: fromUiMessage(message) };
}

async function digest(message: UIMessage): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(message));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function readContext(
  history: MessageHistory,
  session: string,
  maxTokens: number | undefined,
): Promise<UIMessage[]> {
  let isNewest = true;
  const countTokens = (item: Item) => {
    const tokens = estimateTokens(item);
    const isQuestion = isNewest;
    isNewest = false;
    return isQuestion ? Math.min(tokens, maxTokens ?? tokens) : tokens;
  };
  const items = maxTokens
    ? await history.getRecent(session, { for: "model", maxTokens, countTokens })
    : await Array.fromAsync(history.items(session));
  return (await toStoredMessages(items)).map(({ message }) => message);
}

// About what an image costs, however long its data.
const FILE_TOKENS = 1_000;

function estimateTokens({ content, parts }: Item): number {
  let files = 0;
  const json = JSON.stringify(parts ?? content, (_, value: unknown) => {
    if (typeof value !== "string" || !/^data:[^,]*;base64,/.test(value)) return value;
    files++;
    return "";
  });
  return Math.ceil(json.length / 4) + 4 + files * FILE_TOKENS;
}

/** Writes an answer to the turn, chunk by chunk, until the turn is stopped. */
async function writeAnswer(
  answer: Answer,
  writer: TurnWriter,
  messages: UIMessage[],
  onError: (error: unknown) => void,
): Promise<{ chunks: UIMessageChunk[]; failed: boolean }> {
  const stream = toChunks(answer, messages, (error) => {
    if (!writer.signal.aborted) onError(error);
  });
  const last = messages.at(-1);
  const messageId = last?.role === "assistant" ? last.id : writer.id;
  const log = new ChunkWriter(writer);
  const chunks: UIMessageChunk[] = [];
  const write = (chunk: UIMessageChunk) => {
    chunks.push(chunk);
    log.write(chunk);
  };
  const reader = stream.getReader();
  const stop = () => void reader.cancel(writer.signal.reason).catch(() => {});
  if (writer.signal.aborted) stop();
  writer.signal.addEventListener("abort", stop);
  for (;;) {
    const { value, done } = await reader.read();
    if (done || writer.signal.aborted) break;
    // What the page shows and what is stored have one id.
    if (value.type === "start") write({ ...value, messageId });
    else {
      if (chunks.length === 0) write({ type: "start", messageId });
      write(value);
    }
  }
  return { chunks, failed: chunks.some(({ type }) => type === "error") };
}

const FAILED = "The answer failed.";

/** @throws TypeError for what is not an answer */
function toChunks(
  answer: Answer,
  originalMessages: UIMessage[],
  onError: (error: unknown) => void,
): ReadableStream<UIMessageChunk> {
  if ("getReader" in answer) return answer;
  const { stream } = answer;
  if (stream === undefined) {
    throw new TypeError("answer must return what streamText returns, or a stream of createUIMessageStream");
  }
  return toUIMessageStream({
    stream: stream as Parameters<typeof toUIMessageStream>[0]["stream"],
    originalMessages,
    onError: (error) => {
      onError(error);
      return FAILED;
    },
  });
}

async function* readChunks(
  updates: Awaited<ReturnType<Turns["follow"]>> & object,
): AsyncGenerator<UIMessageChunk, void, void> {
  const reader = new ChunkReader();
  let failed = false;
  for await (const update of updates) {
    if (update.type === "end") yield* lastChunks(update.outcome, failed);
    else if ("text" in update) {
      for (const chunk of update.type === "text" ? reader.text(update.text) : reader.lines(update.text)) {
        failed ||= chunk.type === "error";
        yield chunk;
      }
    }
  }
}

/** What the page is told of a turn that did not come to its end. */
function lastChunks({ status }: TurnOutcome, isTold: boolean): UIMessageChunk[] {
  if (status === "completed") return [];
  if (status !== "failed") return [{ type: "abort", reason: status }];
  return isTold ? [] : [{ type: "error", errorText: FAILED }];
}

const problem = (status: number, error: string): Response => Response.json({ error }, { status });
