import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const [OLD, NEW, OTHER] = ["a", "b", "c"].map((letter) => letter.repeat(64));

/** A copy of the deployment, on a machine whose docker finds an image of this digest in the registry. */
function copyOfDeployment() {
  const root = mkdtempSync(join(tmpdir(), "pin-images-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  cpSync(join(ROOT, "docker-compose.yml"), join(root, "docker-compose.yml"));
  cpSync(join(ROOT, "deploy"), join(root, "deploy"), { recursive: true });
  const files = () => globSync(["docker-compose.yml", "deploy/**"], { cwd: root }).toSorted();
  const pin = (digest = "") => {
    // What the machine knows of the image from another registry comes first.
    const docker = `#!/bin/sh
[ "$1" = pull ] || { last=; for last; do :; done; name=\${last%:*}; echo "localhost:5000/$name@sha256:${OTHER}"; echo "$name@sha256:${digest}"; }
`;
    writeFileSync(join(root, "docker"), docker, { mode: 0o755 });
    return execFileSync(join(root, "deploy/pin-images.sh"), {
      encoding: "utf8",
      env: { PATH: `${root}:${process.env.PATH}` },
    });
  };
  const images = () =>
    globSync(["docker-compose.yml", "deploy/*.yml", "deploy/redis/*.yml", "deploy/*/Dockerfile"], {
      cwd: root,
    })
      .flatMap((file) => readFileSync(join(root, file), "utf8").split("\n"))
      .filter((line) => /^FROM |^ *image: [^ ]+:/.test(line));
  return { files, pin, images };
}

test("writes the digest behind every base image, renews it, and leaves nothing else behind", () => {
  const { files, pin, images } = copyOfDeployment();
  const [before, tags] = [files(), images()];
  expect(tags.length).toBeGreaterThan(8);
  expect(pin(OLD).trim().split("\n")).toContainEqual(`redis:7.4-alpine@sha256:${OLD}`);
  const withDigest = (digest = "") =>
    tags.map((line) => line.replace(/^(FROM (?:--platform=\S+ )?|\s*image: )(\S+)/, `$1$2@sha256:${digest}`));
  expect(images()).toEqual(withDigest(OLD));
  pin(NEW);
  expect(images()).toEqual(withDigest(NEW));
  expect(files()).toEqual(before);
});
