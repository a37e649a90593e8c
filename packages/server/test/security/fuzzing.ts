import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { endWithUs } from "../../../memory/test/end-with-us.ts";
import { freePort } from "../../../memory/test/free-port.ts";
import { type System, withSystem } from "../faults/system.ts";
import { startIssuer } from "../issuer.ts";
import type { NotRun, Outcome } from "./outcome.ts";
import { findSchemathesis, runSchemathesis } from "./schemathesis.ts";
import { headersOf } from "./secured.ts";

const SERVER = fileURLToPath(new URL("./fuzzed-server.ts", import.meta.url));
const OFF = {
  LIMIT_REQUESTS_PER_MINUTE: "off",
  LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "off",
  LIMIT_STREAMS: "off",
  LIMIT_ADDRESS_STREAMS: "off",
};

type Headers = Readonly<Record<string, string>>;

interface AuthMode {
  readonly auth: string;
  /** Returns the settings of the server, and the headers of a logged-in client. */
  readonly enter: (
    system: System,
  ) => Promise<{ env: Headers; headersAt: (base: string) => Promise<Headers>; end?: () => void }>;
}

export const AUTH_MODES: readonly AuthMode[] = [
  { auth: "none", enter: async () => ({ env: {}, headersAt: async () => ({}) }) },
  {
    auth: "guest",
    enter: async () => ({
      env: {},
      headersAt: async (base) => {
        const [cookie = ""] = (await fetch(`${base}/auth/me`)).headers.getSetCookie();
        return { cookie: cookie.split(";")[0] ?? "" };
      },
    }),
  },
  {
    auth: "keys",
    enter: async (system) => ({ env: {}, headersAt: async () => (await headersOf(system, "alice")).alice }),
  },
  {
    auth: "jwt",
    enter: async () => {
      const issuer = await startIssuer();
      return {
        env: { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: "memory", OIDC_CLIENT_ID: "page" },
        headersAt: async () => ({ authorization: `Bearer ${await issuer.sign(issuer.claims)}` }),
        end: () => issuer.close(),
      };
    },
  },
];

/** Fuzzes everything that the API describes, with one way of authentication. */
export async function fuzz(mode: AuthMode, { seconds }: { seconds: number }): Promise<Outcome | NotRun> {
  const tool = await findSchemathesis();
  if ("reason" in tool) return { notRun: tool.reason };
  return withSystem((system) => fuzzSystem(system, mode, tool.folder, seconds));
}

async function fuzzSystem(
  system: System,
  { auth, enter }: AuthMode,
  folder: string,
  seconds: number,
): Promise<Outcome> {
  const { env, headersAt, end } = await enter(system);
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const server = spawn(process.execPath, [SERVER], {
    cwd: tmpdir(),
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH,
      REDIS_URL: system.redis.url,
      PORT: String(port),
      AUTH: auth,
      ...OFF,
      ...env,
    },
  });
  endWithUs(server);
  try {
    const errors: string[] = [];
    let ready = (): void => {};
    const started = new Promise<void>((resolve) => {
      ready = resolve;
    });
    createInterface({ input: server.stdout }).on("line", (line) => {
      if (line.includes('"msg":"ready"')) ready();
      if (/"level":[56]0/.test(line)) errors.push(line);
    });
    await started;
    const { cases, report, ok } = await runSchemathesis({
      folder,
      base,
      headers: await headersAt(base),
      seconds,
    });
    const found = [...errors.slice(0, 5), ...(ok ? [] : [failuresOf(report)])];
    return { tries: cases, found, note: "no response of 5xx, none that /openapi.json does not describe" };
  } finally {
    server.kill("SIGKILL");
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
    end?.();
  }
}

/** The part of a report that names failures and errors, without warnings. */
const failuresOf = (report: string): string =>
  /=+ (?:FAILURES|ERRORS) =+[\s\S]*?(?==+ (?:WARNINGS|SUMMARY))/.exec(report)?.[0].slice(0, 20_000) ??
  report.slice(-6000);
