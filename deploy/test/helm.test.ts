import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ConfigError, FORMER_NAMES, loadConfig, SETTINGS } from "../../packages/server/src/config/config.ts";

const VALUES = fileURLToPath(new URL("../helm/values", import.meta.url));
const EXAMPLES = readdirSync(VALUES);
const CHART = fileURLToPath(new URL("../helm/redis-memory-magic", import.meta.url));

function helm(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync("helm", args, { encoding: "utf8", timeout: 60_000 });
  if (status !== 0) throw new Error(`helm ${args.join(" ")}: ${stderr}${stdout}`);
  return stdout;
}

const HAS_HELM = spawnSync("helm", ["version"]).status === 0;
const EVERYTHING = [
  "autoscaling.enabled=true",
  "ingress.enabled=true",
  "ingress.tlsSecret=tls",
  "redis.caSecret.name=ca",
  "secretSettings.OPENAI_API_KEY.name=s",
  "secretSettings.OPENAI_API_KEY.key=k",
].flatMap((value) => ["--set", value]);

const render = (...args: string[]): string =>
  helm("template", "chat", CHART, "--namespace", "chats", ...args);

/** The rendered things: `Kind name`. */
const thingsIn = (text: string): string[] =>
  text
    .split(/^---$/m)
    .flatMap((one) => {
      const kind = /^kind: (\S+)/m.exec(one)?.[1];
      return kind === undefined ? [] : [`${kind} ${/^ {2}name: (\S+)/m.exec(one)?.[1]}`];
    })
    .sort();

/** What a server would end with at its start. */
function mistakesOf(settings: Record<string, string>): readonly string[] {
  try {
    loadConfig({ ...settings, HOST: "0.0.0.0" });
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
  }
  return [];
}

const renderWith = (settings: Record<string, string>): string =>
  render("--set-json", `settings=${JSON.stringify(settings)}`);

test("the chart's schema knows every setting of the server by its name", () => {
  const schema = JSON.parse(readFileSync(join(CHART, "values.schema.json"), "utf8"));
  const [known] = schema.definitions.setting.anyOf;
  expect(known.enum).toEqual([...SETTINGS, ...Object.keys(FORMER_NAMES)]);
});

describe.skipIf(!HAS_HELM)("the chart (skipped: there is no helm on the PATH)", () => {
  test("passes helm's own check", () => {
    expect(helm("lint", "--strict", CHART, ...EVERYTHING)).toContain("0 chart(s) failed");
  });

  test.each(EXAMPLES)("takes deploy/helm/values/%s", (name) => {
    const file = ["--values", join(VALUES, name)];
    expect(helm("lint", "--strict", CHART, ...file)).toContain("0 chart(s) failed");
    expect(thingsIn(render(...file))).toContain("Deployment chat-backend");
  });

  test.each<Record<string, string>>([
    { AUTH: "jwt" },
    { AUTH: "none" },
    { ALLOW_UNAUTHENTICATED: "true", AUTH: "none", ALLOWED_ORIGINS: "https://chat.example.org" },
    { AUTH: "jwt", OIDC_ISSUER: "https://login.example.org" },
    { AUTH: "jwt", OIDC_ISSUER: "http://login.example.org", OIDC_AUDIENCE: "chat" },
    {
      AUTH: "jwt",
      OIDC_ISSUER: "https://login.example.org",
      OIDC_CLIENT_ID: "chat",
      PUBLIC_URL: "http://chat.example.org",
    },
  ])("refuses %j with the sentences that the server would end with", (settings) => {
    const mistakes = mistakesOf(settings);
    expect(mistakes.length).toBeGreaterThan(0);
    for (const mistake of mistakes) expect(() => renderWith(settings)).toThrow(mistake);
  });

  test.each([
    "http://localhost.example.org",
    "http://localhost@example.org",
    "http://127.0.0.1.example.org",
    "http://127.example.org",
    "http://localhost",
    "http://LOCALHOST:3000/page",
    "http://127.0.0.1:3000",
    "http://[::1]:3000",
    "HTTPS://chat.example.org",
  ])("takes %s as the address of a login exactly if the server does", (address) => {
    const settings = {
      AUTH: "jwt",
      OIDC_ISSUER: address,
      OIDC_CLIENT_ID: "chat",
      SESSION_SECRET: "s".repeat(32),
      PUBLIC_URL: address,
    };
    const mistakes = mistakesOf(settings);
    if (mistakes.length === 0) renderWith(settings);
    for (const mistake of mistakes) expect(() => renderWith(settings)).toThrow(mistake);
  });

  test("starts other frontends when what nginx is told changes, and knows real addresses behind an ingress", () => {
    const checksum = (...args: string[]) => /checksum\/nginx: (\S+)/.exec(render(...args))?.[1];
    expect(checksum()).toMatch(/^[0-9a-f]{64}$/);
    expect(checksum("--set", "dnsService=other")).not.toBe(checksum());
    expect(render()).not.toContain("set_real_ip_from");
    const text = render("--set", "ingress.enabled=true,ingress.proxies={10.9.0.0/16}");
    expect(text).toMatch(/set_real_ip_from 10\.9\.0\.0\/16;\n\s+real_ip_header X-Forwarded-For;/);
  });

  test("scales by CPU, and by open streams only where that is asked for", () => {
    const scaled = (...args: string[]) => render("--set", "autoscaling.enabled=true", ...args);
    expect(scaled()).toContain("averageUtilization: 70");
    expect(scaled()).not.toContain("rmm_streams_open");
    expect(scaled("--set", "autoscaling.streamsPerReplica=500")).toContain("rmm_streams_open");
  });

  test("renders what it needs, and no more", () => {
    expect(thingsIn(render())).toEqual([
      "ConfigMap chat-frontend",
      "Deployment chat-backend",
      "Deployment chat-frontend",
      "NetworkPolicy chat-backend",
      "NetworkPolicy chat-frontend",
      "PodDisruptionBudget chat-backend",
      "PodDisruptionBudget chat-frontend",
      "Service chat-backend",
      "Service chat-frontend",
    ]);
    const all = thingsIn(render(...EVERYTHING));
    expect(all).toContain("HorizontalPodAutoscaler chat-backend");
    expect(all).toContain("Ingress chat");
  });

  test("no container is root or writes, no secret is in the manifest, and there is time to drain", () => {
    const text = render(...EVERYTHING);
    const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
    expect(count(/runAsNonRoot: true/g)).toBe(2);
    expect(count(/readOnlyRootFilesystem: true/g)).toBe(2);
    expect(count(/drop:\s*(- |\[)ALL/g)).toBe(2);
    expect(text).not.toMatch(/^kind: Secret/m);
    expect(text).toMatch(/name: OPENAI_API_KEY\n\s+valueFrom:\n\s+secretKeyRef:\n\s+key: k\n\s+name: s/);
    // 5 s until no request arrives any more, 60 s for answers, and some more.
    expect(text).toContain("terminationGracePeriodSeconds: 80");
    expect(text).toContain("default chat-backend.chats.svc.cluster.local:9090;");
  });

  test("a container has settings that the server knows, and no others", () => {
    const values = EXAMPLES.map((name) => render("--values", join(VALUES, name)));
    const names = [render(...EVERYTHING), ...values].flatMap((text) =>
      [...text.matchAll(/^ {12}- name: ([A-Z_]+)$/gm)].map(([, name = ""]) => name),
    );
    expect(names).toEqual(expect.arrayContaining(["REDIS_URL", "REDIS_TLS_CA_FILE", "SESSION_SECRET"]));
    expect(names.filter((name) => !SETTINGS.includes(name))).toEqual([]);
  });

  test("a number reaches the server as it was written, however large; one that is taken away does not", () => {
    const settings = { LIMIT_TOKENS_PER_DAY: 1e9, LIMIT_USD_PER_DAY: 2.5, SESSION_TTL_SECONDS: 31_536_000 };
    const text = render("--set-json", `settings=${JSON.stringify({ ...settings, TRUSTED_PROXIES: null })}`);
    for (const [name, value] of Object.entries(settings))
      expect(text).toContain(`- name: ${name}\n              value: "${value}"\n`);
    expect(text).not.toContain("TRUSTED_PROXIES");
  });

  test.each([
    ["settings.SHUTDOWN_GRACE_SECONDS=9", "settings.SHUTDOWN_GRACE_SECONDS is drain.graceSeconds"],
    ["settings.REDIS_URL=redis://redis", "settings.REDIS_URL is redis.urlSecret"],
    [
      "secretSettings.REDIS_URL.name=s,secretSettings.REDIS_URL.key=k",
      "secretSettings.REDIS_URL is redis.urlSecret",
    ],
    ["serviceMonitor.enabled=true", "serviceMonitor.enabled needs secretSettings.METRICS_TOKEN"],
    ["settings.OLAMA_MODEL=llama3.2", "invalid propertyName 'OLAMA_MODEL'"],
    ["secretSettings.OPENAI_KEY.name=s", "invalid propertyName 'OPENAI_KEY'"],
    ["settings.HOST=127.0.0.1", "settings.HOST is the image's own"],
    ["drain.graceSeconds=soon", "at '/drain/graceSeconds': got string, want integer"],
    ["secretSettings.OPENAI_API_KEY.name=s", "at '/secretSettings/OPENAI_API_KEY': missing property 'key'"],
    ["images.backend=", "at '/images/backend': minLength: got 0, want 1"],
    ["redis.urlSecret.name=", "at '/redis/urlSecret/name': minLength: got 0, want 1"],
    ["backend.replica=3", "at '/backend': additional properties 'replica' not allowed"],
  ])("refuses %s, and says why", (value, why) => {
    expect(() => render("--set", value)).toThrow(why);
  });
});
