import type { ChatModel } from "../../chat/chat-model.ts";
import type { Config } from "../../config/config.ts";
import { isLoopback } from "../../config/fields.ts";
import type { Allowances } from "../../config/limits.ts";
import { counted } from "../../counted.ts";
import { E5_SMALL } from "../../models/embedding/e5-small.ts";
import { installedEncoder } from "../../models/embedding/setup.ts";
import { type CheckResult, ok, warn } from "./check-result.ts";
import type { Machine } from "./machine.ts";

const BUILT_IN_BYTES = 1e9;
const PROVIDER_MS = 10_000;

/** Checks which clients reach the server without credentials. */
export function checkExposure({ http, identity }: Config): CheckResult {
  if (!identity.methods.includes("none"))
    return ok(
      "exposure",
      `listens on ${http.host}, and authenticates each request (AUTH=${identity.methods.join(",")})`,
    );
  if (isLoopback(http.host))
    return ok("exposure", `listens on ${http.host}: this machine alone, without authentication`);
  return warn(
    "exposure",
    `listens on ${http.host} without authentication, as ALLOW_UNAUTHENTICATED says: any client that reaches port ${http.port} reads and writes everything. In a container whose port is published on loopback that is as it should be; else set AUTH.`,
  );
}

/** Whether anything limits what other people spend with this deployment's key. */
export function checkLimits({ identity, limits, openai }: Config): CheckResult {
  if (identity.methods.includes("none")) {
    const set = [limits.owner, limits.address].some((allowances) => Object.values(allowances).some(isSet));
    return ok("limits", set ? "set for all callers together (AUTH=none)" : "none are set (AUTH=none)");
  }
  const guests = identity.methods.includes("guest");
  // A guest who clears the cookie is a new owner, so only the limits of the address hold.
  const [spender, allowances, prefix] = guests
    ? ["one IP address", limits.address, "LIMIT_ADDRESS"]
    : ["one owner", limits.owner, "LIMIT"];
  if (openai.apiKey !== undefined && !limitsSpending(allowances)) {
    return warn(
      "limits",
      `OPENAI_API_KEY is set, other people may use this server, and nothing limits what ${spender} spends in a day: set ${prefix}_USD_PER_DAY or ${prefix}_TOKENS_PER_DAY.`,
    );
  }
  const unlimited = [...limits.groups].filter(([, group]) => !limitsSpending(group)).map(([name]) => name);
  const except =
    openai.apiKey !== undefined && !guests && unlimited.length > 0
      ? `; what these groups spend in a day is not limited: ${unlimited.join(", ")}`
      : "";
  return ok("limits", `set for ${spender} (docs/operate/security.md)${except}`);
}

const isSet = (limit: number | null): boolean => limit !== null;

const limitsSpending = ({ usdPerDay, tokensPerDay }: Allowances): boolean =>
  isSet(usdPerDay) || isSet(tokensPerDay);

/** Each provider, with the reason if it is not available. */
export async function checkProviders(config: Config, models: readonly ChatModel[]): Promise<CheckResult[]> {
  const seen = await Promise.all(
    models.map(async (model) => {
      const late = new Promise<undefined>((resolve) => setTimeout(resolve, PROVIDER_MS, undefined).unref());
      return { model, availability: await Promise.race([model.availability(), late]) };
    }),
  );
  const another = seen.some(({ model, availability }) => model.id !== "mirror" && availability?.available);
  return seen.map(({ model, availability }) => {
    if (availability?.available)
      return ok("provider", `${model.name}: ${counted(availability.models.length, "model")}`);
    const why = [availability?.reason ?? "It did not answer in time.", availability?.action]
      .filter(Boolean)
      .join(" ");
    // A provider that was not asked for may be missing, as long as there is another.
    const isMissed = !another || isConfigured(config, model);
    return (isMissed ? warn : ok)("provider", `${model.name} is not available: ${why}`);
  });
}

/** True if the settings ask for this provider by name or by its key. */
const isConfigured = ({ defaultProvider, openai }: Config, { id }: ChatModel): boolean =>
  id === defaultProvider || (id === "chatgpt" && openai.apiKey !== undefined);

/** How recall finds turns. */
export async function checkRecall({ embedding }: Config, folder: string): Promise<CheckResult> {
  if (embedding.model === "none") return ok("recall", "finds turns by their words (EMBEDDING_MODEL=none)");
  return (await installedEncoder(folder).catch(() => undefined))
    ? ok("recall", `finds turns by their words, and by their meaning with ${E5_SMALL.label}`)
    : ok(
        "recall",
        `finds turns by their words; ${E5_SMALL.label} (130 MB) is fetched to ${folder} when it is first needed`,
      );
}

/** Room for the built-in model, if it is still to be fetched. */
export async function checkDisk(
  config: Config,
  models: readonly ChatModel[],
  folder: string,
  machine: Machine,
): Promise<CheckResult[]> {
  const model = models.find(({ id }) => id === "embedded");
  if (config.embedded.model !== "default" || !model || (await model.availability()).available) return [];
  const free = await machine.freeBytes(folder);
  const text = `${(free / 1e9).toFixed(1)} GB free for the built-in model, which is to be fetched to ${folder}`;
  if (free >= BUILT_IN_BYTES) return [ok("disk", text)];
  return [warn("disk", `${text}: it needs 1 GB. Free some, or set EMBEDDED_MODEL=none.`)];
}
