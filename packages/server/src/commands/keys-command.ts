import { parseArgs } from "node:util";
import { ApiKeys } from "../identity/api-keys.ts";
import { isValidOwner } from "../identity/principal.ts";
import { logSecurityEvent } from "../observability/security-log.ts";
import { type CommandContext, UsageError } from "./run-command.ts";

export const KEYS_USAGE = `npm run keys -- create OWNER [--group GROUP] [--days DAYS] [--note NOTE]
npm run keys -- list
npm run keys -- revoke ID

A key belongs to OWNER: its holder sees OWNER's sessions. An owner can have several keys.`;

const MISSING = new Map([
  ["create", "Name the OWNER of the key:"],
  ["revoke", "Name the ID of the key, as npm run keys -- list shows it:"],
]);

export async function keys(
  args: readonly string[],
  { config, identities, log, print }: CommandContext,
): Promise<void> {
  const { values, positionals } = parse(args);
  const [action, subject] = positionals;
  const apiKeys = new ApiKeys(identities);
  if (action === "list" && subject === undefined) {
    const rows = (await apiKeys.list()).map(({ id, owner, group, expires_at, note }) => [
      id,
      owner,
      group ?? "-",
      expires_at?.slice(0, 10) ?? "never",
      note ?? "",
    ]);
    print(table([["ID", "OWNER", "GROUP", "EXPIRES", "NOTE"], ...rows]));
  } else if (action === "create" && subject !== undefined) {
    const days = daysOf(values.days);
    const { group, note } = values;
    if (!isValidOwner(subject)) {
      throw new UsageError("OWNER must have 1 to 128 characters, and not be local, guest:… or sha256:…");
    }
    const made = await apiKeys.create({
      owner: subject,
      ...(group !== undefined && { group }),
      ...(note !== undefined && { note }),
      ...(days !== undefined && { days }),
    });
    logSecurityEvent(log, "key_created", { id: made.id, owner: subject });
    print(`${made.key}\n`);
    process.stderr.write(
      "Keep it: it cannot be shown again. It is sent as the header Authorization: Bearer KEY.\n",
    );
    if (!config.identity.methods.includes("keys")) {
      process.stderr.write("AUTH does not name keys, so no server with this configuration takes it.\n");
    }
  } else if (action === "revoke" && subject !== undefined) {
    if (!(await apiKeys.revoke(subject))) {
      throw new UsageError(`There is no key with the id ${subject}. See: npm run keys -- list`);
    }
    logSecurityEvent(log, "key_revoked", { id: subject });
    print(`${subject} is revoked. Streams that it has open end within seconds.\n`);
  } else {
    const missing = subject === undefined ? MISSING.get(action ?? "") : undefined;
    throw new UsageError(missing ?? "Name what to do: create, list or revoke:");
  }
}

function parse(args: readonly string[]) {
  const option = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { group: option, days: option, note: option },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function daysOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const days = Number(text);
  if (!(days > 0 && days <= 36_500)) throw new UsageError("--days must be a number of days, such as 90");
  return days;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
