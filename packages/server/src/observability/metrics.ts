import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Providers } from "../chat/providers.ts";
import type { FinishedTurn } from "../chat/turn-result.ts";
import type { ErrorCode } from "../errors/app-error.ts";
import { readBuildInfo } from "./build-info.ts";

/** Read when the metrics are requested. */
interface Watched {
  readonly providers: Providers;
  readonly runningTurns: () => number;
  readonly storageReady: () => Promise<boolean>;
  /** The share of Redis' memory in use, 0 to 1, if known. */
  readonly storageUsed: () => Promise<number | undefined>;
  /** When the last good backup by schedule was made, in ms; undefined if none are made. */
  readonly lastBackup: () => Promise<number | undefined>;
}

const ENDS = ["completed", "cancelled", "failed", "interrupted"] as const;
const MODES = ["stateless", "stateful"] as const;
// From a fast local provider to a model that reasons for minutes.
const ANSWER_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300];
// A script takes a fraction of a millisecond; after two seconds Redis counts as away.
const SCRIPT_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];

// Memory, CPU, event loop and garbage collection belong to the process, even with several servers in it.
const ofProcess = new Registry();

/**
 * The metrics for Prometheus. Labels are few and bounded: providers, modes, statuses, error codes, and models that a
 * provider lists; never a session, an owner, or another value that a request can choose.
 */
export class Metrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #registry = new Registry();
  readonly #turns = this.#counter("turns_total", "Turns that have ended", "provider", "mode", "status");
  readonly #failures = this.#counter("turn_failures_total", "Failed turns by error", "provider", "code");
  readonly #tokens = this.#counter(
    "tokens_total",
    "Tokens as providers report them; cached ones are among the input",
    "provider",
    "model",
    "kind",
  );
  readonly #cost = this.#counter("cost_usd_total", "Cost of turns in US dollars", "provider", "model");
  readonly #truncations = this.#counter(
    "truncations_suspected_total",
    "Turns of which the provider read clearly fewer tokens than it was sent",
    "provider",
    "model",
  );
  readonly #problems = this.#counter("problems_total", "Requests answered with an error", "code");
  readonly #redisErrors = this.#counter(
    "redis_errors_total",
    "Scripts that Redis refused or never answered, each try",
  );
  readonly #firstText = this.#histogram(
    "turn_first_text_seconds",
    "From the beginning of a turn to its first text",
    ANSWER_SECONDS,
    "provider",
    "mode",
  );
  readonly #duration = this.#histogram(
    "turn_duration_seconds",
    "From the request to the stored end of a turn",
    ANSWER_SECONDS,
    "provider",
    "mode",
  );
  readonly #script = this.#histogram(
    "redis_script_seconds",
    "Round trips of the memory's scripts, the way there and back included",
    SCRIPT_SECONDS,
  );
  #streams = 0;

  constructor({ providers, runningTurns, storageReady, storageUsed, lastBackup }: Watched) {
    this.#gauge("turns_running", "Turns that this process runs", (set) => set(runningTurns()));
    this.#gauge("streams_open", "Event streams that clients are reading", (set) => set(this.#streams));
    this.#gauge("redis_up", "1: a turn could be stored in Redis", async (set) =>
      set(Number(await storageReady())),
    );
    this.#gauge("redis_memory_used_ratio", "Of what the fullest Redis may use", async (set) =>
      set((await storageUsed()) ?? Number.NaN),
    );
    this.#gauge(
      "backup_timestamp_seconds",
      "When the last backup by schedule was made whose restore was tried; 0: none yet",
      async (set) => {
        const made = await lastBackup().catch(() => undefined);
        if (made !== undefined) set(made / 1000);
      },
    );
    const { version, revision } = readBuildInfo();
    this.#gauge(
      "build_info",
      "1: this version runs",
      (set) => set(1, version, revision),
      "version",
      "revision",
    );
    this.#gauge(
      "provider_available",
      "1: the last look at the provider found it available",
      (set) => {
        for (const model of providers.all) {
          const known = providers.lastKnown(model);
          if (known) set(Number(known.available), model.id);
        }
      },
      "provider",
    );
    this.#gauge(
      "provider_calls",
      "Answers that a provider with a cap writes (running), or that wait for a place (waiting)",
      (set) => {
        for (const [provider, { held, waiting }] of providers.queues) {
          set(held, provider, "running");
          set(waiting, provider, "waiting");
        }
      },
      "provider",
      "state",
    );
    // Starts at 0, so that Prometheus counts the first event: it does not see a new series as an increase.
    this.#problems.inc({ code: "internal_error" }, 0);
    for (const { id: provider } of providers.all) {
      this.#failures.inc({ provider, code: "internal_error" }, 0);
      for (const mode of MODES) for (const status of ENDS) this.#turns.inc({ provider, mode, status }, 0);
    }
  }

  /** Returns all metrics in Prometheus' text format. Metrics of the process begin with the first call. */
  async text(): Promise<string> {
    if (ofProcess.getMetricsAsArray().length === 0) collectDefaultMetrics({ register: ofProcess });
    return (await Promise.all([this.#registry.metrics(), ofProcess.metrics()])).join("\n");
  }

  turnEnded({ result, listedModel, cost, truncation, times }: FinishedTurn): void {
    const { provider, mode, status, usage } = result.response;
    const model = listedModel ?? "other";
    this.#turns.inc({ provider, mode, status });
    if (status === "failed") this.#failures.inc({ provider, code: result.error?.code ?? "internal_error" });
    if (times.firstText !== null)
      this.#firstText.observe({ provider, mode }, (times.firstText - times.asked) / 1000);
    this.#duration.observe({ provider, mode }, (times.ended - times.asked) / 1000);
    if (usage !== null) {
      this.#tokens.inc({ provider, model, kind: "input" }, usage.input_tokens);
      this.#tokens.inc({ provider, model, kind: "output" }, usage.output_tokens);
      if (usage.cached_tokens) this.#tokens.inc({ provider, model, kind: "cached" }, usage.cached_tokens);
    }
    if (cost !== null) this.#cost.inc({ provider, model }, cost.total_usd);
    this.#truncations.inc({ provider, model }, truncation ? 1 : 0);
  }

  problemAnswered(code: ErrorCode): void {
    this.#problems.inc({ code });
  }

  /** @returns a function to call when the stream is closed */
  streamOpened(): () => void {
    this.#streams++;
    return () => {
      this.#streams--;
    };
  }

  scriptAnswered(ms: number): void {
    this.#script.observe(ms / 1000);
  }

  scriptFailed(): void {
    this.#redisErrors.inc();
  }

  #counter<Label extends string>(name: string, help: string, ...labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `rmm_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #histogram<Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: Label[]
  ): Histogram<Label> {
    return new Histogram({ name: `rmm_${name}`, help, buckets, labelNames, registers: [this.#registry] });
  }

  /** A gauge that is read when the metrics are requested. */
  #gauge(
    name: string,
    help: string,
    read: (set: (value: number, ...labels: string[]) => void) => void | Promise<void>,
    ...labelNames: string[]
  ): void {
    new Gauge({
      name: `rmm_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
      async collect() {
        this.reset();
        await read((value, ...labels) => this.labels(...labels).set(value));
      },
    });
  }
}
