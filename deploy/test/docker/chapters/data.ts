import { excerpt, expectEqual } from "../expect.ts";
import { API, ask, chat } from "../http.ts";
import type { Product } from "../product.ts";
import type { Report } from "../report.ts";

/** What is kept, and for how long. */
export async function data(product: Product, report: Report): Promise<void> {
  report.chapter("Data");
  const session = `${API}/sessions/kept`;
  await report.check("a conversation outlives docker-compose down and up", async () => {
    await chat(API, "kept", "My name is Bob");
    await product.down();
    await product.up();
    const { response, message_count } = await chat(API, "kept", "What is my name?");
    expectEqual(message_count, 4, "message_count");
    if (!response.includes("My name is Bob")) throw new Error(response);
    return response;
  });
  await report.check("docker-compose down -v forgets it", async () => {
    await product.down("-v");
    await product.up();
    expectEqual((await ask(session)).status, 404, "the session's status");
    return "404";
  });
  await report.check("a backup, made and restored by a container, brings it back", async () => {
    await chat(API, "kept", "My name is Bob");
    const once = `docker-compose run --rm --no-deps -T -u "$(id -u):$(id -g)" -v "$PWD:/backups" backend`;
    const command = (name: string) =>
      product.run(`${once} node packages/server/src/commands/${name}.ts /backups/monday.backup`);
    await command("backup");
    await product.down("-v");
    await product.up();
    const said = await command("restore");
    const { response } = await chat(API, "kept", "What is my name?");
    if (!response.includes("My name is Bob")) throw new Error(response);
    return excerpt(said.trim().split("\n").at(-1) ?? "");
  });
}
