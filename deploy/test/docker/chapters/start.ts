import { expectEqual, expectMatch } from "../expect.ts";
import { API, ask, PAGE } from "../http.ts";
import { CONTAINERS, type Product } from "../product.ts";
import type { Report } from "../report.ts";

const HEALTHY_WITHIN_S = 60;

/** As someone starts it who has just cloned it, in the original's words. */
export async function start(product: Product, report: Report): Promise<void> {
  report.chapter("Start");
  await report.check("cp .env.example .env; docker-compose up -d: all healthy within a minute", async () => {
    await product.run("cp .env.example .env");
    const seconds = await product.up();
    if (seconds > HEALTHY_WITHIN_S) throw new Error(`${seconds.toFixed(0)} s`);
    return `healthy after ${seconds.toFixed(1)} s`;
  });
  await report.check("in the order Redis, backend, frontend", async () => {
    const starts = await Promise.all(CONTAINERS.map((name) => product.inspect(name, "{{.State.StartedAt}}")));
    expectEqual(starts, starts.toSorted(), "the order of starts");
    return CONTAINERS.join(", ");
  });
  await report.check("docker-compose ps: three services, up and healthy", async () => {
    const listed = await product.run("docker-compose ps");
    for (const name of CONTAINERS) expectMatch(listed, new RegExp(`${name}[\\s\\S]*?Up[^\\n]*\\(healthy\\)`));
    return "redis-memory, chat-backend, chat-frontend: Up (healthy)";
  });
  await report.check("published on loopback only: 6379, 9090 and 3000", async () => {
    const ports = await Promise.all(CONTAINERS.map((name) => product.run(`docker port ${name}`)));
    const lines = ports.map((text) => text.trim());
    expectEqual(
      lines,
      ["6379/tcp -> 127.0.0.1:6379", "9090/tcp -> 127.0.0.1:9090", "80/tcp -> 127.0.0.1:3000"],
      "the published ports",
    );
    return lines.join(", ");
  });
  await report.check("the backend's health as the original's README expects it", async () => {
    const { text } = await ask(`${API}/`);
    const status = JSON.parse(text);
    expectEqual(status.status, "running", "status");
    expectEqual(status.app, "Redis Memory Magic - Chat API Playground", "app");
    expectEqual(status.services_available.ollama, { stateless: true, stateful: true }, "ollama");
    return 'status "running", Ollama of this machine available';
  });
  await report.check("the page at http://localhost:3000, and its API documentation", async () => {
    const page = await ask(`${PAGE}/`);
    expectMatch(page.text, /<div id="root">/, "the page");
    const docs = await ask(`${API}/docs/`);
    expectEqual([page.status, docs.status], [200, 200], "status");
    return "200 and 200";
  });
}
