import { sessionId, sessionSettings, sessionSettingsPatch } from "@redis-memory-magic/protocol";
import { z } from "zod";
import { changeSettings, readSettings } from "../../chat/session-settings.ts";
import { noSuchSession } from "../../errors/no-such-session.ts";
import { problems, type Routes } from "../api.ts";

const params = z.object({ session_id: sessionId });

/** Routes for what a session is answered with, wherever it is opened. */
export const sessionSettingsRoutes: Routes = (context) => async (app) => {
  app.get(
    "/sessions/:session_id/settings",
    {
      schema: {
        tags: ["sessions"],
        summary: "How a session's next message is to be answered",
        params,
        response: { 200: sessionSettings, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const { sessions } = context.callerOf(request);
      const settings = await readSettings(sessions, request.params.session_id);
      if (settings === null) throw noSuchSession();
      return settings;
    },
  );

  app.patch(
    "/sessions/:session_id/settings",
    {
      schema: {
        tags: ["sessions"],
        summary: "Change some of a session's settings; null removes one",
        params,
        body: sessionSettingsPatch,
        response: { 200: sessionSettings, ...problems(400, 404, 409, 413, 415, 503) },
      },
    },
    async (request) => {
      const { sessions, quota } = context.callerOf(request);
      const { session_id } = request.params;
      const settings = await changeSettings(sessions, session_id, request.body, quota);
      if (settings === null) throw noSuchSession();
      return settings;
    },
  );
};
