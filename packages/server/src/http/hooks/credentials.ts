import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../errors/app-error.ts";
import type { Cookie, Credentials } from "../../identity/authenticator.ts";

/** Reads a request's credentials. @throws AppError `invalid_request` for two of a kind */
export function credentialsOf(request: FastifyRequest): Credentials {
  const names = request.raw.rawHeaders.filter((_, n) => n % 2 === 0).map((name) => name.toLowerCase());
  for (const field of ["Authorization", "Host"]) {
    if (names.filter((name) => name === field.toLowerCase()).length <= 1) continue;
    // Node.js would use the first header, a proxy may have checked the last.
    throw new AppError("invalid_request", `Send the ${field} header once.`, {
      errors: [{ field, message: "must be sent once" }],
    });
  }
  const bearer = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
  return { bearer: bearer ?? null, cookies: request.cookies };
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
