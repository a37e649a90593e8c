import { z } from "zod";

/** `GET /auth/me`: who one is here. */
export const authMe = z.object({
  authenticated: z
    .boolean()
    .describe("false: requests for sessions are refused until the caller is authenticated."),
  owner: z.string().nullable(),
  group: z.string().nullable(),
  via: z.enum(["none", "guest", "key", "token", "login"]).nullable(),
  methods: z.array(z.enum(["none", "guest", "keys", "jwt"])).describe("How requests show who makes them."),
  login_url: z.string().nullable().describe("Where a browser is sent to log in; null: there is no login."),
});
export type AuthMe = z.infer<typeof authMe>;

export const logoutResponse = z.object({
  status: z.literal("success"),
  end_session_url: z
    .string()
    .nullable()
    .describe("Where the identity provider logs the browser out too; null: it has no such place."),
});
export type LogoutResponse = z.infer<typeof logoutResponse>;
