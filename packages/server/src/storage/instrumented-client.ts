import type { NodeRedisClient } from "@redis-memory-magic/memory";

/** Told of scripts: how long the round trip was, or that there was none. */
interface ScriptWatch {
  scriptAnswered(ms: number): void;
  scriptFailed(): void;
}

/** A client whose round trips are told of. */
export function instrumentedClient(client: NodeRedisClient, watch: ScriptWatch): NodeRedisClient {
  const timed = (reply: Promise<unknown>): Promise<unknown> => {
    const sentAt = performance.now();
    reply.then(
      () => watch.scriptAnswered(performance.now() - sentAt),
      ({ message }: Error) => {
        // A script that this Redis has not seen yet is sent again, whole.
        if (!message.startsWith("NOSCRIPT")) watch.scriptFailed();
      },
    );
    return reply;
  };
  return {
    evalSha: (sha1, options) => timed(client.evalSha(sha1, options)),
    eval: (script, options) => timed(client.eval(script, options)),
  };
}
