import { pino } from "pino";
import { AppError } from "../chat/app-error.ts";
import { type Config, ConfigError, loadConfig } from "../config.ts";
import { connectRedis, KEY_NAME, type Redis, RedisRefused } from "../storage/redis.ts";
import { RedisIdentityStore } from "../storage/redis-identity-store.ts";

/** What a command has to work with: the server's own configuration and Redis. */
export interface CommandContext {
  readonly config: Config;
  readonly redis: Redis;
  readonly identities: RedisIdentityStore;
  readonly name: string;
  /** Where security events go: the error output, as a server's do to its log. */
  readonly log: pino.Logger;
  readonly print: (text: string) => void;
}

/** A mistake in how a command was called: told with how to call it. */
export class UsageError extends Error {}

/** Runs a command of an operator, and ends with what happened for people: never with a stack trace. */
export async function runCommand(
  usage: string,
  command: (args: readonly string[], context: CommandContext) => Promise<void>,
): Promise<void> {
  let redis: Redis | undefined;
  try {
    try {
      process.loadEnvFile();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    const config = loadConfig(process.env);
    const log = pino({ base: null }, pino.destination({ dest: 2, sync: true }));
    redis = await connectRedis(config.redis, log);
    const identities = new RedisIdentityStore(redis.client, KEY_NAME);
    const print = (text: string): void => void process.stdout.write(text);
    await command(process.argv.slice(2), { config, redis, identities, name: KEY_NAME, log, print });
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${usage}\n`);
    else if (error instanceof ConfigError || error instanceof RedisRefused || error instanceof AppError)
      process.stderr.write(`${error.message}\n`);
    else throw error;
  } finally {
    redis?.close();
  }
}
