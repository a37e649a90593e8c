import type { FastifyInstance } from "fastify";
import { AppError } from "../../errors/app-error.ts";

/** Checks a request's body before it is read. */
export function prepareBodies(app: FastifyInstance): void {
  app.addHook("onRequest", async ({ headers }) => {
    const { "content-length": length = "0", "transfer-encoding": transfer } = headers;
    // Many programs send a Content-Type without a body.
    if (length === "0" && transfer === undefined) delete headers["content-type"];
    const encoding = headers["content-encoding"] ?? "identity";
    if (encoding.toLowerCase() === "identity") return;
    throw new AppError("unsupported_media_type", `Send the body as it is, not as ${encoding}.`);
  });
}
