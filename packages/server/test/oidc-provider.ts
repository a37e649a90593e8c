import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import { onTestFinished } from "vitest";

/** A real OpenID Connect provider on loopback, with one client and a login that takes any name. */
export async function startOidcProvider(redirectUri: string) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(url, {
    clients: [
      {
        client_id: "page",
        client_secret: "secret-of-the-page",
        token_endpoint_auth_method: "client_secret_post",
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [new URL("../../", redirectUri).href],
      },
    ],
    pkce: { required: () => true },
    cookies: { keys: ["cookies of the tests"] },
    claims: { openid: ["sub", "groups"] },
    conformIdTokenClaims: false,
    findAccount: (_, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, groups: ["people", "staff"] }),
    }),
  });
  server.on("request", provider.callback());
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url };
}

/** What a browser keeps and sends: cookies by host. Follows one redirect at a time. */
export class TestBrowser {
  readonly #cookies = new Map<string, Map<string, string>>();

  async go(url: string, init: RequestInit = {}): Promise<Response> {
    const { origin } = new URL(url);
    const jar = this.#cookies.get(origin) ?? new Map<string, string>();
    this.#cookies.set(origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      redirect: "manual",
      ...init,
      headers: { ...init.headers, ...(cookie && { cookie }) },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "" || /expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }

  cookie(url: string, name: string): string | undefined {
    return this.#cookies.get(new URL(url).origin)?.get(name);
  }

  setCookie(url: string, name: string, value: string): void {
    const { origin } = new URL(url);
    const jar = this.#cookies.get(origin) ?? new Map<string, string>();
    jar.set(name, value);
    this.#cookies.set(origin, jar);
  }

  /** Follows redirects and answers the provider's forms with this name, up to an address that begins like this. */
  async logIn(from: string, name: string, until: string): Promise<string> {
    let url = from;
    for (let step = 0; step < 15; step++) {
      if (url.startsWith(until)) return url;
      const page = await this.go(url);
      const location = page.headers.get("location");
      if (location !== null) {
        url = new URL(location, url).href;
        continue;
      }
      const html = await page.text();
      const [, action = ""] = /<form[^>]*action="([^"]+)"/.exec(html) ?? [];
      const [, prompt = ""] = /name="prompt" value="(\w+)"/.exec(html) ?? [];
      const body = new URLSearchParams({ prompt, login: name, password: "any" });
      const answer = await this.go(new URL(action, url).href, { method: "POST", body });
      url = new URL(answer.headers.get("location") ?? "", url).href;
    }
    throw new Error(`The login came to no end; it is at ${url}`);
  }
}
