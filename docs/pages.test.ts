import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { SETTINGS } from "../packages/server/src/config.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const pages = globSync(["*.md", "docs/**/*.md", "packages/*/*.md", "secrets/**/*.md"], { cwd: root });

/** A heading's name in a link, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");

const anchorsOf = (path: string): string[] =>
  [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading));

test("every link leads to a file that is there, and to a heading in it", () => {
  expect(pages.length).toBeGreaterThan(20);
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)]
      .filter(([, path = "", anchor]) => {
        const target = path === "" ? page : join(dirname(page), path);
        if (!existsSync(join(root, target))) return true;
        return anchor !== undefined && !anchorsOf(target).includes(anchor);
      })
      .map(([link]) => `${page}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test("every command of package.json is described, and every one that is described is there", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: object };
  const text = pages.map(read).join("\n");
  const run = [...text.matchAll(/npm run (?:--silent )?([a-z:]+)/g)];
  // A row may name several: `npm run bench:turns`, `bench:memory`.
  const named = [...text.matchAll(/`((?:bench|test):[a-z]+)`/g), ...text.matchAll(/npm (start|test)\b/g)];
  const names = new Set([...run, ...named].map(([, name = ""]) => name));
  expect([...names].sort()).toEqual(Object.keys(scripts).sort());
});

test(".env.example has every setting of the server, and no other but those of Compose", () => {
  const ofCompose = ["BACKEND_REDIS_URL", "COMPOSE_FILE", "COMPOSE_PATH_SEPARATOR", "PUBLISH_ADDRESS"];
  const listed = [...read(".env.example").matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name = ""]) => name);
  const expected = [...SETTINGS, ...ofCompose, "TLS_CERTIFICATES"];
  expect([...new Set(listed)].sort()).toEqual(expected.sort());
});

test("the settings page has a row for every setting of .env.example", () => {
  const rows = read("docs/reference/settings.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => {
      const [, cell = ""] = line.split("|");
      return [...cell.matchAll(/`([A-Z_]+)`/g)].flatMap(([, name = ""]) =>
        cell.includes("*secret*") ? [name, `${name}_FILE`] : [name],
      );
    });
  const listed = [...read(".env.example").matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name = ""]) => name);
  expect(rows.sort()).toEqual([...new Set(listed)].sort());
});
