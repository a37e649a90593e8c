import type { Identity } from "../identity/identity.ts";

type SecurityScheme =
  | { readonly type: "http"; readonly scheme: "bearer"; readonly description: string }
  | { readonly type: "apiKey"; readonly in: "cookie"; readonly name: string; readonly description: string };

/** The methods of authentication, for the documentation. */
export function securitySchemes({ methods, cookieName }: Identity): Record<string, SecurityScheme> {
  const tokens = methods.includes("keys") || methods.includes("jwt");
  return {
    ...(tokens && {
      bearer: { type: "http", scheme: "bearer", description: "An API key or an access token" },
    }),
    ...(cookieName !== null && {
      cookie: { type: "apiKey", in: "cookie", name: cookieName, description: "Kept by the browser" },
    }),
  };
}
