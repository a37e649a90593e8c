import { expect } from "vitest";
import { check } from "../check.ts";
import type { Product } from "../product.ts";

const chatWith = (body: string): string =>
  `curl -s -X POST http://localhost:9090/chat -H "Content-Type: application/json" -d '${body}'`;

/** The commands of the original's Docker, debugging, health and API chapters, with what each is to say. */
const COMMANDS: readonly (readonly [command: string, says: RegExp])[] = [
  ["docker-compose ps", /chat-backend/],
  ["docker-compose ps -a", /redis-memory/],
  ["docker-compose ps redis", /redis-memory/],
  ["docker-compose logs", /"ready"/],
  ["docker-compose logs backend", /"ready"/],
  ["docker-compose logs redis", /Ready to accept connections/],
  ["docker-compose exec -T redis redis-cli ping", /^PONG$/m],
  [
    chatWith('{"message": "What is 2+2?", "mode": "stateless", "provider": "chatgpt"}'),
    /"code":"provider_unavailable".*OPENAI_API_KEY|OPENAI_API_KEY.*"code":"provider_unavailable"/,
  ],
  [
    chatWith(
      '{"message": "My name is Alice", "mode": "stateful", "provider": "ollama", "session_id": "test_session_123"}',
    ),
    /"mode":"stateful","provider":"ollama","session_id":"test_session_123","message_count":2/,
  ],
  [
    chatWith(
      '{"message": "What is my name?", "mode": "stateful", "provider": "ollama", "session_id": "test_session_123"}',
    ),
    /Alice.*"message_count":4/,
  ],
  ['docker-compose exec -T redis redis-cli KEYS "*"', /chat_history:\{test_session_123\}:messages/],
  ['docker-compose exec -T redis redis-cli KEYS "chat_history:*"', /chat_history:\{test_session_123\}:meta/],
  [
    `curl -s -X POST http://localhost:9090/clear-session -H "Content-Type: application/json" -d '{"session_id": "test_session_123"}'`,
    /^\{"status":"success","message":"Session test_session_123 cleared"\}$/,
  ],
  ["curl -s http://localhost:9090/", /"status":"running"/],
  ["curl -s http://localhost:3000/", /<!doctype html>/i],
  [
    "docker-compose exec -T backend curl -s http://host.docker.internal:11434/api/tags",
    /"name":"llama3.2:3b"/,
  ],
  ["docker-compose logs backend | grep -i ollama", /"provider":"ollama"/],
  ["docker network ls", /_default/],
  ["docker volume ls", /_redis-data/],
  ["docker-compose restart redis", /redis-memory/],
  ["docker-compose restart backend", /chat-backend/],
  ["docker-compose restart", /chat-frontend/],
];

/** Commands that go on until they are ended. */
const ENDLESS: readonly (readonly [command: string, says: RegExp])[] = [
  ["docker-compose logs -f", /"ready"/],
  ["docker-compose logs -f backend", /"ready"/],
  ["docker-compose logs -f redis", /Ready to accept connections/],
  ["docker stats", /chat-backend/],
];

export function originalCommands(product: Product): void {
  for (const [command, says] of COMMANDS) {
    check(shown(command), async () => {
      const output = await product.run(command);
      expect(output).toMatch(says);
      return "as it should be";
    });
  }
  for (const [command, says] of ENDLESS) {
    check(command, async () => {
      const { code, output } = await product.attempt(command, 6000);
      expect(code, "the exit code").toEqual(null);
      expect(output).toMatch(says);
      return "as it should be";
    });
  }
  for (const command of ["backend bash", "frontend sh"]) {
    check(`docker-compose exec ${command}`, async () => {
      // Without a terminal here, so with -T.
      const { output } = await product.attempt(
        `docker-compose exec -T ${command}`,
        20_000,
        "echo $((40+2))\n",
      );
      expect(output).toMatch(/^42$/m);
      return "a shell that answers";
    });
  }
  check("docker-compose down; docker-compose up -d --build", async () => {
    await product.run("docker-compose down", 120_000);
    await product.run("docker-compose up -d --build", 15 * 60_000);
    return `healthy after ${(await product.up()).toFixed(1)} s`;
  });
}

const shown = (command: string): string => command.replace(' -H "Content-Type: application/json"', " …");
