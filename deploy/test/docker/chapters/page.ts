import { expectEqual, expectMatch } from "../expect.ts";
import { API, ask, chat, PAGE, postJson } from "../http.ts";
import type { Product } from "../product.ts";
import type { Report } from "../report.ts";

/** What nginx does: the page, and the way to the API. */
export async function page(product: Product, report: Report): Promise<void> {
  report.chapter("nginx");
  const { text } = await ask(`${PAGE}/`);
  const asset = /src="(\/assets\/[^"]+)"/.exec(text)?.[1] ?? "/assets/none";
  await report.check("keeps assets with a hash, asks for the page anew, compresses", async () => {
    const kept = await ask(PAGE + asset);
    expectEqual(kept.headers.get("cache-control"), "public, max-age=31536000, immutable", "of an asset");
    expectEqual(kept.headers.get("content-encoding"), "gzip", "the encoding");
    expectEqual((await ask(`${PAGE}/`)).headers.get("cache-control"), "no-cache", "of the page");
    expectEqual(
      (await ask(`${PAGE}/assets/none.js`)).headers.get("cache-control"),
      null,
      "of what is not there",
    );
    return asset;
  });
  await report.check("sends the page with a strict Content-Security-Policy", async () => {
    const policy = (await ask(`${PAGE}/`)).headers.get("content-security-policy") ?? "";
    expectMatch(policy, /^default-src 'none';script-src 'self'/);
    return "default-src 'none'; script-src 'self'; …";
  });
  await report.check("forwards /api/ with what a session's id has encoded in it", async () => {
    const id = "a/b %2F ü";
    await chat(`${PAGE}/api`, id, "Hello");
    const [direct, through] = await Promise.all(
      [API, `${PAGE}/api`].map((base) => ask(`${base}/sessions/${encodeURIComponent(id)}`)),
    );
    expectEqual([direct?.status, through?.status], [200, 200], "status");
    expectEqual(JSON.parse(through?.text ?? "{}").id, id, "the id");
    return id;
  });
  await report.check("leaves to the API what the API refuses", async () => {
    const foreign = await product.run("curl -s -H 'Host: evil.example' http://localhost:3000/api/sessions");
    expectMatch(foreign, /"code":"foreign_host"/);
    const origin = await ask(`${PAGE}/api/sessions`, { headers: { origin: "https://evil.example" } });
    expectMatch(origin.text, /"code":"foreign_origin"/);
    const large = await ask(`${PAGE}/api/chat`, postJson({ message: "x".repeat(2 * 2 ** 20) }));
    expectMatch(large.text, /"code":"body_too_large"/);
    expectEqual((await ask(`${PAGE}/%61pi/sessions`)).status, 404, "of a path in disguise");
    for (const path of ["metrics", "%6detrics", "/metrics", "x/../metrics", "metrics?a"]) {
      expectEqual(
        (await ask(`${PAGE}/api/${path}`)).status,
        404,
        "of the metrics, which are not for the page",
      );
    }
    return "foreign_host, foreign_origin, body_too_large";
  });
}
