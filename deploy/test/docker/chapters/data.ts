import { expect } from "vitest";
import { check } from "../check.ts";
import { excerpt } from "../expect.ts";
import { API, ask, chat } from "../http.ts";
import type { Product } from "../product.ts";

/** What is kept, and for how long. */
export function data(product: Product): void {
  const session = `${API}/sessions/kept`;
  check("a conversation outlives docker-compose down and up", async () => {
    await chat(API, "kept", "My name is Bob");
    await product.down();
    await product.up();
    const { response, message_count } = await chat(API, "kept", "What is my name?");
    expect(message_count, "message_count").toEqual(4);
    if (!response.includes("My name is Bob")) throw new Error(response);
    return response;
  });
  check("docker-compose down -v forgets it", async () => {
    await product.down("-v");
    await product.up();
    expect((await ask(session)).status, "the session's status").toEqual(404);
    return "404";
  });
  check("a backup, made and restored by a container, brings it back", async () => {
    await chat(API, "kept", "My name is Bob");
    const once = `docker-compose run --rm --no-deps -T -u "$(id -u):$(id -g)" -v "$PWD:/backups" backend`;
    const command = (name: string) =>
      product.run(`${once} node packages/server/src/commands/run.ts ${name} /backups/monday.backup`);
    await command("backup");
    await product.down("-v");
    await product.up();
    const said = await command("restore");
    const { response } = await chat(API, "kept", "What is my name?");
    if (!response.includes("My name is Bob")) throw new Error(response);
    return excerpt(said.trim().split("\n").at(-1) ?? "");
  });
}
