import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { decodeEntities } from "./entities.ts";
import { Markdown } from "./markdown.tsx";
import { safeHref } from "./safe-link.tsx";

const render = (source: string, streaming = false) =>
  renderToStaticMarkup(createElement(Markdown, { source, streaming }));

const PAYLOADS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg/onload=alert(1)>",
  "<iframe src=javascript:alert(1)>",
  "text <b onmouseover=alert(1)>x</b>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\nscript:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](vbscript:msgbox(1))",
  "[x](//evil.example)",
  "<javascript:alert(1)>",
  "![x](https://evil.example/?secret)",
  "![x](javascript:alert(1))",
  '![x" onerror="alert(1)](https://evil.example/a.png)',
  '[x](https://evil.example "\\" onclick=\\"alert(1)")',
  "<a href='javascript:alert(1)'>x</a>",
  "<style>@import 'https://evil.example'</style>",
  "<form action=https://evil.example><input name=x>",
  "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
  "```html\n<script>alert(1)</script>\n```",
  '```"><script>alert(1)</script>\nx\n```',
  "| <img src=x onerror=alert(1)> |\n|---|\n| <script>alert(1)</script> |",
  "[x]: javascript:alert(1)\n\n[x]",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
];
const TAG = /<\/?([a-z][a-z0-9]*)((?:\s[^<>]*)?)>/g;
const TAGS = new Set(
  "div p strong em del code pre figure figcaption button svg path span a br hr ul ol li blockquote section table thead tbody tr th td h3 h4 h5 h6 input".split(
    " ",
  ),
);

test.each(PAYLOADS)("renders harmlessly: %s", (payload) => {
  for (const streaming of [false, true]) {
    for (const [, tag, attributes] of render(payload, streaming).matchAll(TAG)) {
      expect(TAGS).toContain(tag);
      const names = attributes?.replace(/="[^"]*"/g, "=");
      expect(names).not.toMatch(/\son\w+\s*=|\ssrc\s*=|\sstyle\s*=|\saction\s*=/i);
      const href = /\shref="([^"]*)"/.exec(attributes ?? "")?.[1];
      if (href !== undefined) expect(href).toMatch(/^https?:\/\//);
    }
  }
});

test("opens links in a new tab without a referrer", () => {
  expect(render("[Redis](https://redis.io)")).toContain(
    '<a href="https://redis.io/" title="https://redis.io/" target="_blank" rel="noopener noreferrer nofollow">Redis</a>',
  );
});

test("shows an image as a link and never loads it", () => {
  const html = render("![A cat](https://example.com/cat.png)");
  expect(html).not.toContain("<img");
  expect(html).toContain(">A cat (image)</a>");
});

test("shows raw HTML as text", () => {
  expect(render("a <b>x</b>")).toContain("a &lt;b&gt;x&lt;/b&gt;");
  expect(render("a<br>b")).toContain("a<br/>b");
});

test("renders Markdown's elements", () => {
  const html = render(
    "# T\n\n1. a\n   - b\n2. c\n\n> q\n\n| h |\n|--:|\n| 1 |\n\n**s** _e_ ~~d~~ `c`\n\n- [x] done\n\n---",
  );
  for (const part of [
    "<h3",
    "<ol",
    "<ul",
    "<blockquote>",
    'data-align="right"',
    "<strong>s</strong>",
    "<em>e</em>",
    "<del>d</del>",
    "<code>c</code>",
    "checked",
    "<hr/>",
  ]) {
    expect(html).toContain(part);
  }
});

test("accepts http and https addresses only", () => {
  expect(safeHref("https://redis.io/docs")).toBe("https://redis.io/docs");
  for (const href of [
    "javascript:alert(1)",
    " javascript:alert(1)",
    "data:,x",
    "/relative",
    "",
    "mailto:a@b.c",
    "ftp://x",
  ]) {
    expect(safeHref(href)).toBeNull();
  }
});

test("decodes character references", () => {
  expect(decodeEntities("&lt;b&gt; &amp;amp; &#65;&#x42; &nope; &hellip;")).toBe("<b> &amp; AB &nope; …");
  expect(decodeEntities("&#0; &#xD800; &#1114112;")).toBe("\ufffd \ufffd \ufffd");
});
