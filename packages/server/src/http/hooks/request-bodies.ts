import { isUtf8 } from "node:buffer";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "../../errors/app-error.ts";

const QUOTED_CHARS = 40;

/** Reads JSON bodies. A body in another encoding is refused, because decoding it as UTF-8 would store other text. */
export function prepareBodies(app: FastifyInstance): void {
  app.addHook("onRequest", ({ headers }, _, done) => {
    const { "content-length": length = "0", "transfer-encoding": transfer } = headers;
    // Many clients name a content type even if there is no body.
    if (length === "0" && transfer === undefined) delete headers["content-type"];
    const encoding = headers["content-encoding"] ?? "identity";
    if (encoding.toLowerCase() === "identity") return done();
    done(new AppError("unsupported_media_type", `Send the body without compression, not as ${encoding}.`));
  });
  const parseJson = jsonParser(app);
  // A text would not be read as JSON, and every field of it be missing.
  app.removeContentTypeParser(["application/json", "text/plain"]);
  app.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (request, body, done) => {
    const charset = /charset="?([\w-]+)/i.exec(request.headers["content-type"] ?? "")?.[1];
    const problem = encodingProblem(body, charset);
    if (problem !== undefined) return done(refusal(problem));
    parseJson(request, body.toString(), done);
  });
}

/** Returns a parser whose errors say what is wrong with the text. */
export function jsonParser(
  app: FastifyInstance,
): (request: FastifyRequest, text: string, done: (error: Error | null, value?: unknown) => void) => void {
  const parse = app.getDefaultJsonParser("error", "error");
  return (request, text, done) =>
    void parse(request, text, (error, value) => {
      if (error === null) return done(null, value);
      // Fastify's own errors (an empty body, __proto__) say enough.
      done(error instanceof SyntaxError || isInvalidJson(error) ? refusal(notJson(text)) : error, undefined);
    });
}

function encodingProblem(body: Buffer, charset: string | undefined): string | undefined {
  const isUtf16 = (body[0] === 0xff && body[1] === 0xfe) || (body[0] === 0xfe && body[1] === 0xff);
  if (isUtf16 || body[1] === 0 || body[0] === 0) return "is UTF-16, and must be UTF-8";
  if (isUtf8(body)) return undefined;
  const declared = charset === undefined || /^utf-?8$/i.test(charset) ? "" : ` (${charset})`;
  return `is not UTF-8${declared}. PowerShell needs -ContentType 'application/json; charset=utf-8'`;
}

const isInvalidJson = (error: Error): boolean =>
  "code" in error && error.code === "FST_ERR_CTP_INVALID_JSON_BODY";

function notJson(text: string): string {
  const quoted = JSON.stringify(text.slice(0, QUOTED_CHARS));
  const beginning = text.length > QUOTED_CHARS ? `${quoted} …` : quoted;
  const quotes = /^['{]+\w|^'/.test(text)
    ? '. The shell has changed the quotes: on Windows write \\" inside "…", or send the body from a file'
    : "";
  return `is not JSON: ${beginning}${quotes}`;
}

const refusal = (message: string): AppError =>
  new AppError("invalid_request", `The body ${message}.`, { errors: [{ field: "body", message }] });
