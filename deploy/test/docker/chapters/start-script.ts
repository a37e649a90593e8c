import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { check } from "../check.ts";
import type { Product } from "../product.ts";

export function startScript(product: Product): void {
  check("./start.sh in a fresh clone", async () => {
    await product.down("-v");
    rmSync(join(product.root, ".env"), { force: true });
    const said = await product.run("./start.sh", 15 * 60_000);
    expect(said).toMatch(
      /Created \.env[\s\S]*Page {3}http:\/\/localhost:3000[\s\S]*API {4}http:\/\/localhost:9090/,
    );
    return "makes .env, waits, prints the addresses";
  });
  check("./start.sh again, with other ports in .env", async () => {
    product.configure({ WEB_PORT: "3100", PORT: "9190", REDIS_PORT: "6380" });
    const said = await product.run("./start.sh", 15 * 60_000);
    expect(said).toMatch(/Page {3}http:\/\/localhost:3100[\s\S]*API {4}http:\/\/localhost:9190/);
    await product.run("curl -fsS http://localhost:3100/api/health/ready");
    await product.run("curl -fsS http://localhost:9190/");
    await product.down();
    product.configure({});
    return "3100, 9190 and 6380";
  });
}
