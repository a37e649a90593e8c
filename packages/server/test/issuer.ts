import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** An issuer of tokens: its discovery, its keys, and whatever token a test wants signed. */
export async function startIssuer() {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "one", use: "sig", alg: "RS256" };
  let keyRequests = 0;
  let away = false;
  const server = createServer((request, response) => {
    if (away) return void request.socket.destroy();
    if (request.url === "/keys") keyRequests++;
    const body =
      request.url === "/keys"
        ? { keys: [jwk] }
        : {
            issuer: url,
            jwks_uri: `${url}/keys`,
            authorization_endpoint: `${url}/auth`,
            token_endpoint: `${url}/token`,
          };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const now = Math.floor(Date.now() / 1000);
  return {
    url,
    publicKey,
    privateKey,
    /** The claims of a token that holds. */
    claims: { iss: url, aud: "memory", sub: "alice", iat: now, exp: now + 300 },
    sign: (
      claims: object,
      header: { crit?: string[]; [name: string]: unknown } = {},
      key: Parameters<SignJWT["sign"]>[0] = privateKey,
    ) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: "RS256", kid: "one", ...header })
        // As if all of them were understood.
        .sign(key, { crit: Object.fromEntries((header.crit ?? []).map((name) => [name, true])) }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
    keyRequests: () => keyRequests,
    goAway: () => {
      away = true;
    },
    comeBack: () => {
      away = false;
    },
  };
}
