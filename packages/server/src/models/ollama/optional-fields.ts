import type { AppError } from "../../errors/app-error.ts";

/** What a request can do without. Mistral, Azure and strict servers have refused one or another of these. */
const OPTIONAL = ["stream_options", "max_tokens", "temperature", "seed"] as const;

/** Remembers which fields a server refuses. */
export class OptionalFields {
  readonly #refused = new Set<string>();

  /** @param asked fields that the client asked for, which are not left out without its knowledge */
  without<Body extends object>(body: Body, asked: readonly string[]): Body {
    if (this.#refused.size === 0) return body;
    const isSent = (name: string) => asked.includes(name) || !this.#refused.has(name);
    return Object.fromEntries(Object.entries(body).filter(([name]) => isSent(name))) as Body;
  }

  /** True if the server has refused a field of this body that can be left out: then the request is worth repeating. */
  dropRefused({ provider }: AppError, body: object, asked: readonly string[]): boolean {
    const { status, message = "", param = "" } = provider ?? {};
    if (status !== 400 && status !== 422) return false;
    const sent = OPTIONAL.filter((name) => name in body && !asked.includes(name));
    const named = sent.filter((name) => message.includes(name) || param.split(".")[0] === name);
    // FastAPI's servers answer 422 to a field that they do not know, and some do not say to which.
    const refused = named.length > 0 || status === 400 || param !== "" ? named : sent;
    for (const name of refused) this.#refused.add(name);
    return refused.length > 0;
  }
}
