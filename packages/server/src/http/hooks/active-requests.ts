import type { FastifyBaseLogger, FastifyReply } from "fastify";
import { AppError } from "../../errors/app-error.ts";
import type { Credentials } from "../../identity/authenticator.ts";
import type { Identity } from "../../identity/identity.ts";
import { logSecurityEvent } from "../../observability/security-log.ts";
import { ShortLived } from "../../short-lived.ts";

const EVERY_MS = 2000;

interface ActiveRequest {
  readonly credentials: Credentials;
  readonly owner: string;
  readonly reply: FastifyReply;
}

/** Ends running requests when their credentials become invalid: a revoked key's streams, for instance. */
export class ActiveRequests {
  readonly #identity: Identity;
  readonly #log: FastifyBaseLogger;
  readonly #live = new ShortLived<ActiveRequest>();
  readonly #timer: NodeJS.Timeout;

  constructor(identity: Identity, log: FastifyBaseLogger) {
    this.#identity = identity;
    this.#log = log;
    this.#timer = setInterval(() => void this.#look(), EVERY_MS);
    this.#timer.unref();
  }

  watch(request: ActiveRequest): void {
    // A request that is closed already emits no event.
    if (request.reply.raw.destroyed) return;
    request.reply.raw.on("close", this.#live.add(request));
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const looked = new Map<string, Promise<boolean>>();
    for (const request of this.#live.all()) {
      const { bearer, cookies } = request.credentials;
      const key = `${request.owner}\n${bearer ?? JSON.stringify(cookies)}`;
      const holds = looked.get(key) ?? this.#holds(request);
      looked.set(key, holds);
      void holds.then((stillHolds) => {
        if (stillHolds || request.reply.raw.destroyed) return;
        logSecurityEvent(this.#log, "live_request_ended", { owner: request.owner });
        request.reply.raw.destroy();
      });
    }
  }

  async #holds({ credentials, owner }: ActiveRequest): Promise<boolean> {
    try {
      return (await this.#identity.identify(credentials)).principal.owner === owner;
    } catch (error) {
      // Only a refusal ends the request, not a Redis or identity provider that is away.
      return !(error instanceof AppError && error.code === "unauthenticated");
    }
  }
}
