import { forkRequest, session, sessionExport, sessionId } from "@redis-memory-magic/protocol";
import { z } from "zod";
import type { Conversations } from "../../chat/conversations.ts";
import { newSessionId } from "../../chat/session-id.ts";
import { AppError } from "../../errors/app-error.ts";
import { problems, type Routes } from "../api.ts";
import { sendDownload, toFileName } from "../download.ts";
import { exportJson } from "../export-json.ts";
import { exportMarkdown } from "../export-markdown.ts";
import { IMPORT_BYTES, importBody, toRestoredSession } from "../import-body.ts";
import { toSession } from "../session-wire.ts";

const params = z.object({ session_id: sessionId });

/** Whole sessions: forked, exported, imported. */
export const archiveRoutes: Routes = (context) => async (app) => {
  const nameOf = (provider: string): string =>
    context.providers.all.find(({ id }) => id === provider)?.name ?? provider;
  const created = async (conversations: Conversations, id: string) => {
    const found = await conversations.session(id);
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
      const conversations = context.conversationsOf(request);
      const { before, session_id: id = newSessionId() } = request.body ?? {};
      await conversations.fork(request.params.session_id, id, before);
      return reply.code(201).send(await created(conversations, id));
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
      const archive = await context.conversationsOf(request).archive(session_id);
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
      const conversations = context.conversationsOf(request);
      const { session_id: id = newSessionId() } = request.query;
      await conversations.restore(id, await toRestoredSession(request.body));
      return reply.code(201).send(await created(conversations, id));
    },
  );
};
