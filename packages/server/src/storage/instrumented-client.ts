import type { NodeRedisClient } from "@redis-memory-magic/memory";

/** Receives the round-trip time of each script, or its failure. */
interface ScriptWatch {
  scriptAnswered(ms: number): void;
  scriptFailed(): void;
}

/** Wraps a client to measure its round trips. */
export function instrumentedClient(client: NodeRedisClient, watch: ScriptWatch): NodeRedisClient {
  const timed = (reply: Promise<unknown>): Promise<unknown> => {
    const sentAt = performance.now();
    reply.then(
      () => watch.scriptAnswered(performance.now() - sentAt),
      ({ message }: Error) => {
        // A script that this Redis does not know yet is sent again with its text.
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
