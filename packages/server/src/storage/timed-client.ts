import type { NodeRedisClient } from "@redis-memory-magic/memory";

/** A client whose round trips are told of: how long, and whether they failed. */
export function timedClient(
  client: NodeRedisClient,
  onDone: (ms: number, failed: boolean) => void,
): NodeRedisClient {
  const timed = (reply: Promise<unknown>): Promise<unknown> => {
    const sentAt = performance.now();
    reply.then(
      () => onDone(performance.now() - sentAt, false),
      (error: Error) => onDone(performance.now() - sentAt, !isExpected(error)),
    );
    return reply;
  };
  return {
    evalSha: (sha1, options) => timed(client.evalSha(sha1, options)),
    eval: (script, options) => timed(client.eval(script, options)),
  };
}

// A script that this Redis has not seen yet is sent again, whole.
const isExpected = ({ message }: Error): boolean => message.startsWith("NOSCRIPT");
