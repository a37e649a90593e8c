import { createClient } from "@redis/client";
import { lookupHost } from "../../base/lookup-host.mjs";

type Client = ReturnType<typeof createClient>;

export interface Target {
  readonly url: string;
  /** The certificate of the authority that is trusted, in place of the system's. */
  readonly ca?: string | undefined;
}

/** Connects for one question. Rejects with the client's error, also when there is no answer within the deadline. */
export async function askRedis<T>(
  { url, ca }: Target,
  ask: (client: Client) => Promise<T>,
  deadlineMs = 3_000,
): Promise<T> {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: {
      reconnectStrategy: false,
      connectTimeout: deadlineMs,
      lookup: lookupHost,
      ...(ca !== undefined && { tls: true as const, ca }),
    },
  });
  const failed = new Promise<never>((_, reject) => {
    client.on("error", reject);
    setTimeout(() => reject(new Error(`no answer within ${deadlineMs / 1000} s`)), deadlineMs).unref();
  });
  try {
    return await Promise.race([failed, client.connect().then(() => ask(client as Client))]);
  } finally {
    client.destroy();
  }
}
