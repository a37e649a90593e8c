import { execSync } from "node:child_process";

const ask = (command: string): string => execSync(command, { encoding: "utf8", stdio: "pipe" }).trim();

/** The engine, the Compose and the base images that the chapters run on. */
export function dockerVersions(): readonly string[] {
  const compose = "docker compose version --short || docker-compose version --short";
  return [
    `Docker ${ask("docker version --format '{{.Server.Version}}'")}`,
    `Compose ${ask(compose)}`,
    ...(ask("docker images --quiet --filter label=stand-in") === ""
      ? []
      : ["base images made of Debian packages (`deploy/test/stand-ins.sh`)"]),
  ];
}
