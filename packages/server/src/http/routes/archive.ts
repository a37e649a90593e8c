import { forkRequest, importResponse, session, sessionExport, sessionId } from "@redis-memory-magic/protocol";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Caller } from "../../chat/caller.ts";
import { newSessionId } from "../../chat/session-id.ts";
import type { SessionStore } from "../../chat/session-store.ts";
import type { SessionImport } from "../../chat/stored-session.ts";
import { AppError } from "../../errors/app-error.ts";
import { invalidFields } from "../../errors/invalid-fields.ts";
import { problems, type Routes } from "../api.ts";
import { type ForeignExport, readForeign } from "../import/read-foreign.ts";
import { sendDownload, toFileName } from "../wire/download.ts";
import { exportJson } from "../wire/export-json.ts";
import { exportMarkdown } from "../wire/export-markdown.ts";
import { normalizeMessages } from "../wire/foreign-messages.ts";
import { IMPORT_BYTES, importBody, toSessionImport } from "../wire/import-body.ts";
import { toSession } from "../wire/session.ts";

const params = z.object({ session_id: sessionId });

/** What was read of another chat's export, until its request is handled. */
const foreignOf = new WeakMap<FastifyRequest, ForeignExport>();

const nothingToImport = (): AppError => {
  const message = "has no conversation with a message in it";
  return new AppError("invalid_request", `The file ${message}.`, { errors: [{ field: "body", message }] });
};

/** Makes all of the sessions or, if one cannot be made, none. Returns their ids. */
async function restoreAll(
  { sessions, quota }: Pick<Caller, "sessions" | "quota">,
  firstId: string,
  imports: readonly SessionImport[],
): Promise<string[]> {
  const made: string[] = [];
  try {
    for (const one of imports) {
      const id = made.length === 0 ? firstId : newSessionId();
      await sessions.restore(id, one, quota);
      made.push(id);
    }
    return made;
  } catch (error) {
    // What cannot be removed expires by itself; the client has to learn why the import failed.
    await Promise.allSettled(made.map((id) => sessions.clear(id)));
    throw error;
  }
}

/** Routes that fork, export and import sessions. */
export const archiveRoutes: Routes = (context) => async (app) => {
  const nameOf = (provider: string): string =>
    context.providers.all.find(({ id }) => id === provider)?.name ?? provider;
  const created = async (sessions: SessionStore, id: string) => {
    const found = await sessions.get(id);
    if (found !== null) return toSession(found);
    throw new AppError("session_not_found", "The new session was deleted before it could be shown.");
  };

  app.post(
    "/sessions/:session_id/fork",
    {
      schema: {
        tags: ["sessions"],
        summary: "Make a session of another one's messages, all of them or those before one",
        description:
          "The new session has the messages that are settled (those of a running turn are not), the turns that " +
          "wrote them, the title and the TTL. Later changes of one session do not change the other.",
        params,
        body: forkRequest.nullish(),
        response: { 201: session, ...problems(400, 404, 409, 413, 415, 503) },
      },
    },
    async (request, reply) => {
      const { sessions, quota } = context.callerOf(request);
      const { before, session_id: id = newSessionId() } = request.body ?? {};
      await sessions.fork(request.params.session_id, id, before === undefined ? {} : { before }, quota);
      return reply.code(201).send(await created(sessions, id));
    },
  );

  app.get(
    "/sessions/:session_id/export",
    {
      schema: {
        tags: ["sessions"],
        summary: "A session whole, as JSON to be imported again or as Markdown to be read",
        params,
        querystring: z.object({ format: z.enum(["json", "markdown"]).default("json") }),
        response: {
          200: {
            description: "The session, as a file",
            content: {
              "application/json": { schema: sessionExport },
              "text/markdown": { schema: z.string() },
            },
          },
          ...problems(400, 404, 503),
        },
      },
    },
    async (request, reply) => {
      const { session_id } = request.params;
      const { sessions, quota } = context.callerOf(request);
      const archive = await sessions.archive(session_id, quota);
      const name = `conversation-${toFileName(session_id)}`;
      if (request.query.format === "json") {
        const content = exportJson(archive);
        return sendDownload(reply, {
          name: `${name}.json`,
          type: "application/json; charset=utf-8",
          content,
        });
      }
      const content = exportMarkdown(archive, nameOf);
      return sendDownload(reply, { name: `${name}.md`, type: "text/markdown; charset=utf-8", content });
    },
  );

  app.post(
    "/sessions/import",
    {
      bodyLimit: IMPORT_BYTES,
      preValidation: async (request) => {
        const foreign = readForeign(request.body);
        if (foreign === undefined) {
          Object.assign(request, { body: normalizeMessages(request.body) });
          return;
        }
        const [first] = foreign.conversations;
        if (first === undefined) throw nothingToImport();
        foreignOf.set(request, foreign);
        Object.assign(request, { body: first });
      },
      schema: {
        tags: ["sessions"],
        summary: "Make sessions of an export of this or another chat, or of any list of messages",
        description:
          "Exports of ChatGPT (conversations.json), Claude, Open WebUI and LibreChat are read, each conversation a " +
          "session. Ids and times are kept. All of it is checked before anything is stored.",
        querystring: z.object({
          session_id: sessionId.optional().describe("The new session's id. Made by the server when absent."),
        }),
        body: importBody,
        response: { 201: importResponse, ...problems(400, 409, 413, 415, 503) },
      },
    },
    async (request, reply) => {
      const { sessions, quota } = context.callerOf(request);
      const { session_id: id = newSessionId() } = request.query;
      const { conversations = [], leftOut = new Map<string, number>() } = foreignOf.get(request) ?? {};
      const others = conversations.slice(1).map((conversation, n) => {
        const { data, error } = importBody.safeParse(conversation);
        if (data) return data;
        const issues = error.issues.map((issue) => ({ ...issue, path: [n + 1, ...issue.path] }));
        throw invalidFields(issues, "body");
      });
      const imports: SessionImport[] = [];
      for (const body of [request.body, ...others]) imports.push(await toSessionImport(body));
      const ids = await restoreAll({ sessions, quota }, id, imports);
      const first = await created(sessions, id);
      const rest = await Promise.all(ids.slice(1).map((made) => created(sessions, made)));
      const report = {
        sessions: [first, ...rest].map(({ id, title, message_count }) => ({ id, title, message_count })),
        left_out: [...leftOut].map(([what, count]) => ({ what, count })),
      };
      return reply.code(201).send({ ...first, report });
    },
  );
};
