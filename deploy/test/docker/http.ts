export const PAGE = "http://localhost:3000";
/** The API by the way that the page takes. */
export const THROUGH_NGINX = `${PAGE}/api`;
export const API = "http://localhost:9090";
const DEADLINE_MS = 60_000;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(DEADLINE_MS), ...init });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

export interface ChatAnswer {
  readonly response: string;
  readonly message_count: number;
  readonly stored: boolean;
  readonly status: string;
}

export const postJson = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

/** One message in a session, by the mirror unless another provider is named. */
export async function chat(base: string, sessionId: string, message: string, more = {}): Promise<ChatAnswer> {
  const body = { message, mode: "stateful", provider: "mirror", session_id: sessionId, ...more };
  const { status, text } = await ask(`${base}/chat`, postJson(body));
  if (status !== 200) throw new Error(`POST /chat answers ${status}: ${text}`);
  return JSON.parse(text) as ChatAnswer;
}

export interface StreamEvent {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly turn_id: string; readonly text?: string; readonly response?: string };
  /** When it arrived, in ms since the request. */
  readonly at: number;
}

/** The events of a stream as they arrive, until its end; a connection that breaks rejects. */
export async function* events(url: string, init: RequestInit): AsyncGenerator<StreamEvent> {
  const started = performance.now();
  const headers = { accept: "text/event-stream", ...(init.headers as Record<string, string>) };
  const response = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(DEADLINE_MS) });
  if (response.status !== 200 || response.body === null) {
    throw new Error(`the stream answers ${response.status}: ${await response.text()}`);
  }
  let rest = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: ?(.*)/s, 2)));
      if (fields.data === undefined) continue;
      const { id = "", event = "message", data } = fields;
      yield { id, event, data: JSON.parse(data), at: performance.now() - started };
    }
  }
}

/** A turn of which the scripted Ollama says so many words, with a pause between two. */
export const slowTurn = (sessionId: string, words: number, delayMs: number): RequestInit =>
  postJson({
    message: `fake ${JSON.stringify({ words, delayMs })}`,
    mode: "stateful",
    provider: "ollama",
    session_id: sessionId,
  });
