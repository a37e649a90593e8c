import { type Item, isMessage } from "@redis-memory-magic/memory";
import type { ExportedItem } from "@redis-memory-magic/protocol";
import type { ArchivedSession, TurnRecord } from "../../chat/stored-session.ts";
import { toArchivedTurn, toExportHead } from "./archive.ts";
import { toItem, toMessage } from "./session.ts";

/** Yields a session as JSON, one entry per line, page by page: `sessionExport` of the protocol. */
export async function* exportJson(archive: ArchivedSession): AsyncGenerator<string, void, void> {
  const { format, version, session } = toExportHead(archive.session);
  yield `{"format":${JSON.stringify(format)},"version":${version},\n"session":${JSON.stringify(session)},\n`;
  yield '"messages":[';
  let separator = "\n";
  for await (const { messages, turns } of archive.items()) {
    const lines = messages.map((item) => JSON.stringify(item && toExportedItem(item, turns)));
    yield separator + lines.join(",\n");
    separator = ",\n";
  }
  yield '\n],\n"turns":[';
  separator = "\n";
  for await (const turns of archive.turns()) {
    // Another program that uses the library can have written all turns of a page.
    if (turns.length === 0) continue;
    yield separator + turns.map((turn) => JSON.stringify(toArchivedTurn(turn))).join(",\n");
    separator = ",\n";
  }
  yield '\n],\n"blobs":[';
  separator = "\n";
  for await (const { id, mediaType, data } of archive.blobs()) {
    yield `${separator}{"id":${JSON.stringify(id)},"media_type":${JSON.stringify(mediaType)},"data":"`;
    // Each piece but the last has a multiple of three bytes, so that their Base64 is one text of Base64.
    for await (const piece of data()) yield Buffer.from(piece).toString("base64");
    yield '"}';
    separator = ",\n";
  }
  yield "\n]}\n";
}

/** A message has no type, as in exports of version 1. */
const toExportedItem = (item: Item, turns: ReadonlyMap<string, TurnRecord>): ExportedItem =>
  isMessage(item) ? toMessage(item, turns) : toItem(item, turns);
