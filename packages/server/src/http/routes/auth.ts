import { authMe, logoutResponse } from "@redis-memory-magic/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../../errors/app-error.ts";
import { logSecurityEvent } from "../../observability/security-log.ts";
import { problems, type Routes } from "../api.ts";
import { credentialsOf, sendCookie } from "../hooks/credentials.ts";
import { checkCsrf } from "../hooks/csrf.ts";

/** Routes for login, logout and the current user. */
export const authRoutes: Routes = (context) => async (app) => {
  const { identity, publicUrl } = context;
  const loginUrl = `${new URL(publicUrl).pathname.replace(/\/$/, "")}/api/auth/login`;
  // A login's answers are for one browser, once.
  app.addHook("onRequest", async (_, reply) => void reply.header("cache-control", "no-store"));

  app.get(
    "/auth/me",
    {
      schema: {
        tags: ["auth"],
        summary: "The current user, and how to log in",
        security: [],
        response: { 200: authMe, ...problems(400, 503) },
      },
    },
    async (request, reply) => {
      const ways = { methods: [...identity.methods], login_url: identity.login && loginUrl };
      const known = await identity.identify(credentialsOf(request)).catch((error) => {
        if (error instanceof AppError && error.code === "unauthenticated") return null;
        throw error;
      });
      if (known === null) return { authenticated: false, owner: null, group: null, via: null, ...ways };
      if (known.cookie) sendCookie(reply, known.cookie);
      return { authenticated: true, ...known.principal, ...ways };
    },
  );

  app.post(
    "/auth/logout",
    {
      schema: {
        tags: ["auth"],
        summary: "Log out on the page, or stop being this guest; streams that are open end within seconds",
        security: [],
        response: { 200: logoutResponse, ...problems(400, 503) },
      },
    },
    async (request, reply) => {
      checkCsrf(request, publicUrl);
      const credentials = credentialsOf(request);
      for (const kind of [identity.guests, identity.logins]) {
        if (kind) sendCookie(reply, await kind.end(credentials));
      }
      logSecurityEvent(request.log, "logged_out", { address: request.ip });
      // The logout is valid here even if the identity provider cannot be reached.
      const url = await identity.login?.endSessionUrl().catch(() => null);
      return { status: "success" as const, end_session_url: url ?? null };
    },
  );

  const { login } = identity;
  if (login === null) return;

  /** Users see this in a browser: after any error they are sent back to the page, which shows it. */
  const backOnFailure = async (
    request: FastifyRequest,
    reply: FastifyReply,
    goOn: () => Promise<string>,
  ): Promise<FastifyReply> => {
    try {
      return reply.redirect(await goOn());
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const reason = error.cause instanceof Error ? error.cause.message : error.message;
      logSecurityEvent(request.log, "login_refused", { code: error.code, reason, address: request.ip });
      return reply.redirect(
        `${publicUrl}/?login=${error.code === "login_failed" ? "failed" : "unavailable"}`,
      );
    }
  };

  app.get(
    "/auth/login",
    {
      schema: {
        tags: ["auth"],
        summary: "Send the browser to the identity provider",
        security: [],
        querystring: z.object({
          return_to: z.string().max(2000).default("/").describe("Where on the page to come back to."),
        }),
        response: { 302: z.null().describe("To the identity provider"), ...problems(400) },
      },
    },
    async (request, reply) => {
      return backOnFailure(request, reply, async () => {
        const { url, cookie } = await login.begin(request.query.return_to);
        sendCookie(reply, cookie);
        return url;
      });
    },
  );

  app.get(
    "/auth/callback",
    {
      schema: {
        tags: ["auth"],
        summary: "Where the identity provider sends the browser back to",
        security: [],
        response: {
          302: z
            .null()
            .describe("To the page; with login=failed or login=unavailable if the login did not succeed"),
          ...problems(400),
        },
      },
    },
    async (request, reply) => {
      const query = request.url.slice(request.url.indexOf("?"));
      return backOnFailure(request, reply, async () => {
        const { owner, returnTo, cookies } = await login.finish(query, credentialsOf(request));
        logSecurityEvent(request.log, "login_succeeded", { owner, address: request.ip });
        for (const cookie of cookies) sendCookie(reply, cookie);
        return returnTo;
      });
    },
  );
};
