import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { endWithUs } from "../../../memory/test/end-with-us.ts";
import { freePort } from "../../../memory/test/free-port.ts";
import { onStage, type Stage } from "../faults/stage.ts";
import { startIssuer } from "../issuer.ts";
import type { Outcome } from "./outcome.ts";
import { findSchemathesis, fuzz } from "./schemathesis.ts";
import { headersOf } from "./secured.ts";

const SERVER = fileURLToPath(new URL("./fuzzed-server.ts", import.meta.url));
const OFF = {
  LIMIT_REQUESTS_PER_MINUTE: "off",
  LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "off",
  LIMIT_STREAMS: "off",
  LIMIT_ADDRESS_STREAMS: "off",
};

type Headers = Readonly<Record<string, string>>;

interface Mode {
  readonly auth: string;
  /** What the server is told, and what requests bring. */
  readonly enter: (
    stage: Stage,
  ) => Promise<{ env: Headers; headersAt: (base: string) => Promise<Headers>; end?: () => void }>;
}

const MODES: readonly Mode[] = [
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
    enter: async (stage) => ({ env: {}, headersAt: async () => (await headersOf(stage, "alice")).alice }),
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

/** Fuzzes all that the API describes, in every way to say who one is. */
export async function fuzzEveryMode({ seconds }: { seconds: number }): Promise<Outcome[]> {
  const tool = await findSchemathesis();
  const outcomes: Outcome[] = [];
  for (const mode of MODES) {
    const attack = `schema fuzzing of the whole API, AUTH=${mode.auth}`;
    if ("reason" in tool) outcomes.push({ attack, tries: 0, found: [], notRun: tool.reason });
    else outcomes.push(await onStage((stage) => fuzzMode(stage, mode, attack, tool.folder, seconds)));
  }
  return outcomes;
}

async function fuzzMode(
  stage: Stage,
  { auth, enter }: Mode,
  attack: string,
  folder: string,
  seconds: number,
): Promise<Outcome> {
  const { env, headersAt, end } = await enter(stage);
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const server = spawn(process.execPath, [SERVER], {
    cwd: tmpdir(),
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH,
      REDIS_URL: stage.redis.url,
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
    const { cases, report, ok } = await fuzz({ folder, base, headers: await headersAt(base), seconds });
    const found = [...errors.slice(0, 5), ...(ok ? [] : [report.slice(-6000)])];
    return { attack, tries: cases, found, note: "0 answers of 5xx, 0 that the description does not have" };
  } finally {
    server.kill("SIGKILL");
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
    end?.();
  }
}
