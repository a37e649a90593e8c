import { pino } from "pino";
import { type Config, ConfigError, loadConfig } from "../config/config.ts";
import { AppError } from "../errors/app-error.ts";
import { BackupFileError } from "../storage/backup/backup-file.ts";
import { IdentityStore } from "../storage/identity-store.ts";
import { connectRedis, KEY_NAME, type Redis, RedisRefused } from "../storage/redis.ts";

/** What a command has to work with: the server's own configuration and Redis. */
export interface CommandContext {
  readonly config: Config;
  readonly redis: Redis;
  readonly identities: IdentityStore;
  readonly name: string;
  /** Where security events go: the error output, as a server's do to its log. */
  readonly log: pino.Logger;
  readonly print: (text: string) => void;
}

/** A mistake in a command's arguments. The message shows the usage. */
export class UsageError extends Error {}

// Their messages are for people.
const EXPECTED = [ConfigError, RedisRefused, AppError, BackupFileError];

/** Runs a command of an operator, and ends with what happened for people: never with a stack trace. */
export async function runCommand(
  usage: string,
  command: (args: readonly string[], context: CommandContext) => Promise<void>,
  args: readonly string[],
): Promise<void> {
  let redis: Redis | undefined;
  try {
    const config = loadConfig(process.env);
    const log = pino(
      { base: null, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination({ dest: 2, sync: true }),
    );
    redis = await connectRedis(config.redis, log);
    const identities = new IdentityStore(redis.client, KEY_NAME);
    const print = (text: string): void => void process.stdout.write(text);
    await command(args, { config, redis, identities, name: KEY_NAME, log, print });
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${usage}\n`);
    else if (EXPECTED.some((kind) => error instanceof kind))
      process.stderr.write(`${withReply(error as Error)}\n`);
    else throw error;
  } finally {
    redis?.close();
  }
}

/** With what Redis itself said, where it did: an operator can do something about that. */
function withReply({ message, cause }: Error): string {
  return isReply(cause) && !message.includes(cause.message)
    ? `${message} Redis says: ${cause.message}`
    : message;
}

/** Whether it is what Redis answered, and not the way there that failed. */
export const isReply = (error: unknown): error is Error =>
  error instanceof Error && /^[A-Z]{3,} /.test(error.message);
