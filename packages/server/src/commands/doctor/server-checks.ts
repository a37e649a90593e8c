import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { ChatModel } from "../../chat/chat-model.ts";
import type { Config } from "../../config/config.ts";
import { isLoopback } from "../../config/fields.ts";
import { type Finding, ok, warn } from "./finding.ts";

const BUILT_IN_BYTES = 1e9;
const PROVIDER_MS = 10_000;

/** Who can be reached by whom. */
export function checkExposure({ http, identity }: Config): Finding {
  if (!identity.methods.includes("none"))
    return ok(
      "exposure",
      `listens on ${http.host}, and asks who one is (AUTH=${identity.methods.join(",")})`,
    );
  if (isLoopback(http.host))
    return ok("exposure", `listens on ${http.host}: this machine alone, without authentication`);
  return warn(
    "exposure",
    `listens on ${http.host} without authentication, as ALLOW_UNAUTHENTICATED says: any client that reaches port ${http.port} reads and writes everything. In a container whose port is published on loopback that is as it should be; else set AUTH.`,
  );
}

/** What anybody may spend and fill. */
export function checkLimits({ identity, limits, openai }: Config): Finding {
  const { usdPerDay, tokensPerDay } = limits.owner;
  const others = !identity.methods.includes("none");
  if (others && openai.apiKey !== undefined && usdPerDay === null && tokensPerDay === null) {
    return warn(
      "limits",
      "OPENAI_API_KEY is set, others may log in, and nothing limits what one of them spends: set LIMIT_USD_PER_DAY or LIMIT_TOKENS_PER_DAY.",
    );
  }
  return ok(
    "limits",
    others ? "set for each owner (docs/operate/security.md)" : "none: everyone here is one and the same",
  );
}

/** Each provider, with its reason when it is not there. */
export async function checkProviders(models: readonly ChatModel[]): Promise<Finding[]> {
  const seen = await Promise.all(
    models.map(async (model) => {
      const late = new Promise<undefined>((resolve) => setTimeout(resolve, PROVIDER_MS, undefined).unref());
      return { model, availability: await Promise.race([model.availability(), late]) };
    }),
  );
  const real = seen.some(({ model, availability }) => model.id !== "mirror" && availability?.available);
  return seen.map(({ model, availability }) => {
    if (availability?.available) return ok("provider", `${model.name}: ${availability.models.length} models`);
    const why = [availability?.reason ?? "It did not answer in time.", availability?.action]
      .filter(Boolean)
      .join(" ");
    // One that is not wanted is no fault, as long as there is another.
    return real
      ? ok("provider", `${model.name} is not there: ${why}`)
      : warn("provider", `${model.name} is not there: ${why}`);
  });
}

/** Room for the built-in model, where it is still to be fetched. */
export async function checkDisk(
  config: Config,
  models: readonly ChatModel[],
  folder: string,
): Promise<Finding[]> {
  const model = models.find(({ id }) => id === "embedded");
  if (config.embedded.model !== "default" || !model || (await model.availability()).available) return [];
  const { bavail, bsize } = await statfsOfNearest(folder);
  const free = Number(bavail) * Number(bsize);
  const text = `${(free / 1e9).toFixed(1)} GB free for the built-in model, which is to be fetched to ${folder}`;
  if (free >= BUILT_IN_BYTES) return [ok("disk", text)];
  return [warn("disk", `${text}: it needs 1 GB. Free some, or set EMBEDDED_MODEL=none.`)];
}

/** Of the folder, or of the nearest above it that is there. */
async function statfsOfNearest(folder: string): ReturnType<typeof statfs> {
  return statfs(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" || dirname(folder) === folder) throw error;
    return statfsOfNearest(dirname(folder));
  });
}
