import {
  type Attributes,
  type Context,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { parseKeyPairsIntoRecord, parseTraceParent } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Logger } from "pino";
import type { FinishedTurn } from "../chat/turn-result.ts";
import { currentRequest } from "./request-context.ts";
import type { Tracing } from "./tracing.ts";

interface OtlpConfig {
  readonly endpoint: string;
  /** In OpenTelemetry's format: `name=value,name=value`. */
  readonly headers: string | undefined;
  readonly serviceName: string;
}

// A collector that is away must not delay the server's shutdown.
const EXPORT_MS = 3000;
// Spans that end within a second are sent together.
const GATHER_MS = 1000;

// Names of the GenAI semantic conventions; the other providers have none there.
const PROVIDER_NAMES = {
  chatgpt: "openai",
  ollama: "ollama",
  embedded: "llama_cpp",
  mirror: "mirror",
} as const;

/**
 * Creates a span for each turn, by the GenAI semantic conventions and without message content, as part of the request's
 * trace. Spans are created when the turn has ended, from times that were measured anyway.
 */
export class OtlpTracing implements Tracing {
  readonly #provider: TracerProvider;
  readonly #tracer;
  readonly #tell: (problem: unknown) => void;

  constructor({ endpoint, headers, serviceName }: OtlpConfig, log: Logger) {
    this.#tell = (problem) => {
      log.warn({ reason: String(problem).slice(0, 500) }, "Traces could not be sent");
    };
    const silent = (): void => {};
    const logger = { error: this.#tell, warn: silent, info: silent, debug: silent, verbose: silent };
    diag.setLogger(logger, { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true });
    const exporter = new OTLPTraceExporter({
      url: `${endpoint}/v1/traces`,
      headers: parseKeyPairsIntoRecord(headers),
      timeoutMillis: EXPORT_MS,
    });
    this.#provider = new TracerProvider({
      resource: defaultResource().merge(resourceFromAttributes({ "service.name": serviceName })),
      // If the caller does not sample the trace, this part of it is useless.
      sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
      spanProcessors: [
        new BatchSpanProcessor({ exporter, scheduledDelayMillis: GATHER_MS, exportTimeoutMillis: EXPORT_MS }),
      ],
    });
    this.#tracer = this.#provider.getTracer("redis-memory-magic");
  }

  turnEnded(turn: FinishedTurn): string {
    const { result, info, times } = turn;
    const span = this.#tracer.startSpan(
      `chat ${info.model}`,
      { kind: SpanKind.CLIENT, startTime: at(times.asked), attributes: attributesOf(turn) },
      parentContext(),
    );
    if (span.isRecording()) {
      const inTurn = trace.setSpan(ROOT_CONTEXT, span);
      this.#tracer.startSpan("begin", { startTime: at(times.asked) }, inTurn).end(at(times.begun));
      if (times.called !== null) {
        const call = this.#tracer.startSpan("provider call", { startTime: at(times.called) }, inTurn);
        if (times.firstText !== null) call.addEvent("first text", at(times.firstText));
        call.end(at(times.answered));
      }
      // The code says what went wrong: the message is for people and may quote a provider.
      if (result.error) span.setStatus({ code: SpanStatusCode.ERROR, message: result.error.code });
      span.end(at(times.ended));
    }
    return span.spanContext().traceId;
  }

  async close(): Promise<void> {
    await this.#provider.shutdown().catch(this.#tell);
  }
}

/** Converts a time of `performance.now()` to the time of day. */
const at = (ms: number): number => performance.timeOrigin + ms;

/** Returns the request's trace context, or a new one. */
function parentContext(): Context {
  const parent = parseTraceParent(currentRequest()?.traceparent ?? "");
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
}

function attributesOf({ result, info, cost, truncation, times }: FinishedTurn): Attributes {
  const { response, error } = result;
  const { usage } = response;
  const requestId = currentRequest()?.requestId;
  return {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": PROVIDER_NAMES[info.provider],
    "gen_ai.request.model": info.model,
    "gen_ai.conversation.id": response.session_id,
    "gen_ai.output.type": "text",
    ...(times.firstText !== null && {
      "gen_ai.response.time_to_first_chunk": (times.firstText - (times.called ?? times.asked)) / 1000,
    }),
    ...(response.status === "completed" && { "gen_ai.response.finish_reasons": [info.finish ?? "stop"] }),
    ...(usage && {
      "gen_ai.usage.input_tokens": usage.input_tokens,
      "gen_ai.usage.output_tokens": usage.output_tokens,
      ...(usage.cached_tokens !== undefined && {
        "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
      }),
    }),
    ...(error && { "error.type": error.code }),
    "rmm.turn.id": response.turn_id,
    "rmm.turn.mode": response.mode,
    "rmm.turn.status": response.status,
    "rmm.turn.stored": response.stored,
    ...(cost && { "rmm.turn.cost_usd": cost.total_usd }),
    ...(truncation && { "rmm.turn.truncation_suspected": true }),
    ...(requestId !== undefined && { "rmm.request.id": requestId }),
  };
}
