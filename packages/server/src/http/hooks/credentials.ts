import type { IncomingMessage } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../errors/app-error.ts";
import type { Cookie, Credentials } from "../../identity/authenticator.ts";

/** Reads a request's credentials. @throws AppError `invalid_request` for two of a kind */
export function credentialsOf(request: FastifyRequest): Credentials {
  for (const field of ["Authorization", "Host"]) {
    if (timesSent(request.raw, field.toLowerCase()) <= 1) continue;
    // Node.js would use the first header, a proxy may have checked the last.
    throw new AppError("invalid_request", `Send the ${field} header once.`, {
      errors: [{ field, message: "must be sent once" }],
    });
  }
  const bearer = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
  return { bearer: bearer ?? null, cookies: request.cookies };
}

function timesSent({ rawHeaders }: IncomingMessage, field: string): number {
  let times = 0;
  // A name, then its value.
  for (let n = 0; n < rawHeaders.length; n += 2) if (rawHeaders[n]?.toLowerCase() === field) times++;
  return times;
}

/** Sets a cookie that scripts cannot read; over https it is sent over https only. */
export function sendCookie(reply: FastifyReply, { name, value, maxAgeSeconds }: Cookie): void {
  const cookie = reply.server.serializeCookie(name, value, {
    path: "/",
    httpOnly: true,
    sameSite: "lax",
    secure: name.startsWith("__Host-"),
    maxAge: maxAgeSeconds,
  });
  // Not by setCookie, which waits for a hook that does not run for streams.
  reply.header("set-cookie", cookie);
}
