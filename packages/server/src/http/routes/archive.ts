import { forkRequest, session, sessionExport, sessionId } from "@redis-memory-magic/protocol";
import { z } from "zod";
import { newSessionId } from "../../chat/session-id.ts";
import type { SessionStore } from "../../chat/session-store.ts";
import { AppError } from "../../errors/app-error.ts";
import { problems, type Routes } from "../api.ts";
import { sendDownload, toFileName } from "../wire/download.ts";
import { exportJson } from "../wire/export-json.ts";
import { exportMarkdown } from "../wire/export-markdown.ts";
import { normalizeMessages } from "../wire/foreign-messages.ts";
import { IMPORT_BYTES, importBody, toSessionImport } from "../wire/import-body.ts";
import { toSession } from "../wire/session.ts";

const params = z.object({ session_id: sessionId });

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
          "wrote them, the title and the time to live. From then on it lives by itself.",
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
        Object.assign(request, { body: normalizeMessages(request.body) });
      },
      schema: {
        tags: ["sessions"],
        summary: "Make a session of an export, or of any list of messages",
        description: "Ids and times are kept. All of it is checked before anything is stored.",
        querystring: z.object({
          session_id: sessionId.optional().describe("The new session's id. Made by the server when absent."),
        }),
        body: importBody,
        response: { 201: session, ...problems(400, 409, 413, 415, 503) },
      },
    },
    async (request, reply) => {
      const { sessions, quota } = context.callerOf(request);
      const { session_id: id = newSessionId() } = request.query;
      await sessions.restore(id, await toSessionImport(request.body), quota);
      return reply.code(201).send(await created(sessions, id));
    },
  );
};
