import { lookupHost } from "@redis-memory-magic/setup/base/lookup-host";
import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool, setGlobalDispatcher } from "undici";

type Environment = Readonly<Record<string, string | undefined>>;

/** This machine is never reached through a proxy, whatever the proxy variables say. */
const LOOPBACK = ["localhost", "127.0.0.1", "::1"];

export interface OutgoingOptions {
  readonly connectTimeoutMs: number;
  /** Called for each connection that is opened without a proxy. */
  readonly onConnect?: () => void;
}

/** Makes the connections of outgoing HTTP requests, through the proxies that the environment names. */
export function createDispatcher(
  env: Environment,
  { connectTimeoutMs, onConnect }: OutgoingOptions,
): Dispatcher {
  // HTTP/2 would put all streams on one connection, where one slow reader holds up the others.
  const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false, lookup: lookupHost });
  const options = {
    allowH2: false,
    connectTimeout: connectTimeoutMs,
    factory: (origin: string | URL, own: object) => new CountedPool(origin, own),
    connect: (...[target, callback]: Parameters<typeof connect>) => {
      onConnect?.();
      connect(target, callback);
    },
  };
  const proxies = proxySettings(env);
  return proxies === null ? new Agent(options) : new EnvHttpProxyAgent({ ...options, ...proxies });
}

/**
 * Tells of its last disconnect alone. The agent looks at each of them whether a pool is still in use, by counting all of
 * its connections: where thousands of streams are aborted together, that would take seconds.
 */
class CountedPool extends Pool {
  #connected = 0;

  override emit(event: string | symbol, ...details: unknown[]): boolean {
    if (event === "connect") this.#connected += 1;
    if (event === "disconnect") this.#connected -= 1;
    if (event === "disconnect" && this.#connected > 0) return false;
    return Reflect.apply(super.emit, this, [event, ...details]);
  }
}

/** Sends the requests of `fetch` through the proxies too: logins, downloads, traces. */
export function useProxiesEverywhere(env: Environment): void {
  if (proxySettings(env) !== null) setGlobalDispatcher(createDispatcher(env, { connectTimeoutMs: 10_000 }));
}

/** Null if no proxy is set. The lower-case names win, as with curl. */
function proxySettings(env: Environment) {
  const read = (name: string): string => (env[name.toLowerCase()] ?? env[name] ?? "").trim();
  const httpProxy = read("HTTP_PROXY");
  const httpsProxy = read("HTTPS_PROXY");
  if (httpProxy === "" && httpsProxy === "") return null;
  return { httpProxy, httpsProxy, noProxy: [read("NO_PROXY"), ...LOOPBACK].join(",") };
}
