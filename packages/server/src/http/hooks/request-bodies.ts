import type { FastifyInstance } from "fastify";
import { AppError } from "../../errors/app-error.ts";

/** What is known of a request's body before any of it is read. */
export function prepareBodies(app: FastifyInstance): void {
  app.addHook("onRequest", async ({ headers }) => {
    const { "content-length": length = "0", "transfer-encoding": transfer } = headers;
    // Many programs say of what type a body is, also where there is none.
    if (length === "0" && transfer === undefined) delete headers["content-type"];
    const encoding = headers["content-encoding"] ?? "identity";
    if (encoding.toLowerCase() === "identity") return;
    throw new AppError("unsupported_media_type", `Send the body as it is, not as ${encoding}.`);
  });
}
