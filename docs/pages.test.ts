import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { SETTINGS } from "../packages/server/src/config/config.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const pages = globSync(["*.md", "docs/**/*.md", "packages/*/*.md", "secrets/**/*.md"], { cwd: root });

/** Returns a heading's anchor, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");

const anchorsOf = (path: string): string[] =>
  [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading));

test("every link leads to an existing file and heading", () => {
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

test("the index lists every page", () => {
  const index = read("docs/README.md");
  const missing = globSync("*/**/*.md", { cwd: join(root, "docs") }).filter(
    (page) => !index.includes(`(${page}`),
  );
  expect(missing).toEqual([]);
});

test("every file that a page names in code exists", () => {
  const ofServer = globSync("*/", { cwd: join(root, "packages/server/src") }).map((name) =>
    name.replace("/", ""),
  );
  const tops = ["bench", "deploy", "docs", "e2e", "packages", "scripts", "test", ...ofServer];
  const path = new RegExp(`\`((?:${tops.join("|")})/[\\w./-]+)\``, "g");
  const named = pages.flatMap((page) =>
    [...read(page).matchAll(path)].map(([, path = ""]) => ({ page, path })),
  );
  expect(named.length).toBeGreaterThan(40);
  // Pages for developers shorten the paths of the server.
  const exists = (path: string) =>
    [".", "packages/server/src"].some((base) => existsSync(join(root, base, path)));
  // A template, or made while something runs.
  const missing = named.filter(({ path }) => !exists(path) && !/NAME|dist/.test(path));
  expect(missing).toEqual([]);
});

test("every page that a source file names exists", () => {
  const sources = globSync(
    ["*.yml", ".env.example", "{bench,deploy,docs,e2e,scripts}/**/*", "packages/*/{src,bin,test}/**/*"],
    { cwd: root, exclude: ["**/node_modules", "**/dist"] },
  ).filter((path) => /\.(?:ts|tsx|mjs|yml|yaml|sh|json|example)$/.test(path));
  const missing = sources.flatMap((source) =>
    [...read(source).matchAll(/(?<![\w/])docs\/[\w/-]+\.md\b/g)]
      .filter(([path]) => !existsSync(join(root, path)) && !path.includes("NAME"))
      .map(([path]) => ({ source, path })),
  );
  expect(missing).toEqual([]);
});

test("the pages describe every command of package.json, and no other", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: object };
  const text = pages.map(read).join("\n");
  const run = [...text.matchAll(/npm run (?:--silent )?([a-z]+(?::[a-z]+)?)/g)];
  // A row may name several: `npm run bench:turns`, `bench:memory`.
  const named = [...text.matchAll(/`((?:bench|test):[a-z]+)`/g), ...text.matchAll(/npm (start|test)\b/g)];
  const names = new Set([...run, ...named].map(([, name = ""]) => name));
  expect([...names].sort()).toEqual(Object.keys(scripts).sort());
});

/** The settings of a part of the settings page; a secret's with the name of its file. */
const settingsIn = (text: string): string[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => {
      const [, cell = ""] = line.split("|");
      return [...cell.matchAll(/`([A-Z_]+)`/g)].flatMap(([, name = ""]) =>
        cell.includes("*secret*") ? [name, `${name}_FILE`] : [name],
      );
    });

test("the settings page and .env.example list every setting of the server, and those of Compose", () => {
  const [ofServer = "", ofCompose = ""] = read("docs/reference/settings.md").split("## Docker Compose");
  const inExample = [...read(".env.example").matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name = ""]) => name);
  expect(settingsIn(ofServer).sort()).toEqual([...SETTINGS].sort());
  expect([...new Set(inExample)].sort()).toEqual([...SETTINGS, ...settingsIn(ofCompose)].sort());
});

test("the library's README gives the size in a bundle that was measured", () => {
  const [, measured] =
    /^\| `MessageHistory` \| [\d.]+ \| ([\d.]+) \|$/m.exec(read("docs/results/bundle-size.md")) ?? [];
  expect(read("packages/memory/README.md")).toContain(
    `${Math.round(Number(measured))} kB minified and gzipped for \`MessageHistory\``,
  );
});
