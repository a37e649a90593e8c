import { expect, test } from "vitest";
import { withoutSecrets } from "./run-options.ts";

test("a program of the set-up is given its settings, the proxy and certificates, and no secret of the server", () => {
  const needed = {
    PATH: "/bin",
    HOME: "/home/me",
    https_proxy: "http://proxy:3128",
    NODE_EXTRA_CA_CERTS: "/ca.pem",
    npm_config_registry: "https://registry.example",
    PIP_INDEX_URL: "https://pip.example",
    SystemRoot: "C:\\Windows",
  };
  const own = {
    OPENAI_API_KEY: "sk-1",
    REDIS_PASSWORD: "p",
    REDIS_URL: "redis://:p@host",
    NODE_OPTIONS: "--require ./x.js",
    PYTHONPATH: "/here",
    MY_PATH: "x",
  };
  expect(withoutSecrets({ ...needed, ...own })).toEqual(needed);
});
