import type { ArchivedSession } from "../../chat/session-store.ts";
import { toArchivedTurn, toExportHead } from "./archive.ts";
import { toMessage } from "./session.ts";

/** Yields a session as JSON, one entry per line, page by page: `sessionExport` of the protocol. */
export async function* exportJson(archive: ArchivedSession): AsyncGenerator<string, void, void> {
  const { format, version, session } = toExportHead(archive.session);
  yield `{"format":${JSON.stringify(format)},"version":${version},\n"session":${JSON.stringify(session)},\n`;
  yield '"messages":[';
  let separator = "\n";
  for await (const { messages, turns } of archive.messages()) {
    const lines = messages.map((message) => JSON.stringify(message && toMessage(message, turns)));
    yield separator + lines.join(",\n");
    separator = ",\n";
  }
  yield '\n],\n"turns":[';
  separator = "\n";
  for await (const turns of archive.turns()) {
    yield separator + turns.map((turn) => JSON.stringify(toArchivedTurn(turn))).join(",\n");
    separator = ",\n";
  }
  yield "\n]}\n";
}
