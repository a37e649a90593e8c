import { expect } from "vitest";
import { check } from "../check.ts";
import { API, ask, PAGE } from "../http.ts";
import { CONTAINERS, type Product } from "../product.ts";

/** As someone starts it who has just cloned it, in the original's words. */
export function start(product: Product): void {
  check("cp .env.example .env; docker-compose up -d: all healthy", async () => {
    await product.down("-v");
    await product.run("cp .env.example .env");
    const seconds = await product.up();
    return `healthy after ${seconds.toFixed(1)} s`;
  });
  check("in the order Redis, backend, frontend", async () => {
    const starts = await Promise.all(CONTAINERS.map((name) => product.inspect(name, "{{.State.StartedAt}}")));
    expect(starts, "the order of starts").toEqual(starts.toSorted());
    return CONTAINERS.join(", ");
  });
  check("docker-compose ps: three services, up and healthy", async () => {
    const listed = await product.run("docker-compose ps");
    for (const name of CONTAINERS)
      expect(listed).toMatch(new RegExp(`${name}[\\s\\S]*?Up[^\\n]*\\(healthy\\)`));
    return "redis-memory, chat-backend, chat-frontend: Up (healthy)";
  });
  check("published on loopback only: 6379, 9090 and 3000", async () => {
    const ports = await Promise.all(CONTAINERS.map((name) => product.run(`docker port ${name}`)));
    const lines = ports.map((text) => text.trim());
    expect(lines, "the published ports").toEqual([
      "6379/tcp -> 127.0.0.1:6379",
      "9090/tcp -> 127.0.0.1:9090",
      "80/tcp -> 127.0.0.1:3000",
    ]);
    return lines.join(", ");
  });
  check("the backend's health as the original's README expects it", async () => {
    const { text } = await ask(`${API}/`);
    const status = JSON.parse(text);
    expect(status.status, "status").toEqual("running");
    expect(status.app, "app").toEqual("Redis Memory Magic - Chat API Playground");
    expect(status.services_available.ollama, "ollama").toEqual({ stateless: true, stateful: true });
    return 'status "running", Ollama of this machine available';
  });
  check("the page at http://localhost:3000, and its API documentation", async () => {
    const page = await ask(`${PAGE}/`);
    expect(page.text, "the page").toMatch(/<div id="root">/);
    const docs = await ask(`${API}/docs/`);
    expect([page.status, docs.status], "status").toEqual([200, 200]);
    return "200 and 200";
  });
}
