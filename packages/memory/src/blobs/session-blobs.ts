import { fromBase64 } from "../bytes.ts";
import { clearedWhileRead, MemoryError } from "../errors.ts";
import type { MemoryOptions } from "../options.ts";
import { newEpoch } from "../redis/epoch.ts";
import type { Script } from "../redis/script.ts";
import type { Reply } from "../redis/script-runner.ts";
import { SessionScripts } from "../redis/session-scripts.ts";
import { FINISH_BLOB, LIST_BLOBS, PUT_PIECE, READ_PIECE } from "../scripts/blobs.ts";
import { assertCount, assertFields, assertId, assertText } from "../validate.ts";
import {
  type BlobData,
  type BlobInfo,
  decodeBlob,
  encodePieces,
  type StoredBlob,
  storedBytes,
} from "./blob-pieces.ts";

/** Options of `SessionBlobs`. */
export interface SessionBlobsOptions extends MemoryOptions {
  /** Bytes that one blob may have. Default 20 MiB. */
  readonly maxBlobBytes?: number;
  /** Bytes that all blobs of a session may have. Default 100 MiB. */
  readonly maxSessionBytes?: number;
}

/** How a blob is stored. */
export interface PutOptions {
  readonly mediaType: string;
  /**
   * Called with the bytes that are about to be stored in Redis, for a quota; if it rejects, nothing is stored. If the
   * blob proves not to be new, they are to be given back.
   */
  readonly reserve?: (bytes: number) => unknown;
}

/** What became of a blob. */
export interface PutBlob extends BlobInfo {
  /** False if the session had it already: nothing was stored. */
  readonly isNew: boolean;
  /** Bytes that its content takes in Redis. */
  readonly storedBytes: number;
}

const MIB = 1024 * 1024;
const PUT_FIELDS = new Set(["mediaType", "reserve"]);

/**
 * Images and other files of sessions. Each is stored once per session, by its content, outside the list of items: an
 * item refers to it by its id in its `parts`. Blobs have the TTL of their session, are deleted with it, and copied by
 * forks if an item that is copied has the id.
 *
 * @example
 * const blobs = new SessionBlobs({ client });
 * const { id } = await blobs.put("session_1", new Uint8Array([137, 80, 78, 71]), { mediaType: "image/png" });
 * await history.addMessage("session_1", { role: "user", content: "What is this?", parts: [{ type: "image", id }] });
 */
export class SessionBlobs {
  readonly #scripts: SessionScripts;
  readonly #maxBlobBytes: number;
  readonly #maxSessionBytes: number;

  constructor(options: SessionBlobsOptions) {
    this.#scripts = new SessionScripts(options);
    const { maxBlobBytes = 20 * MIB, maxSessionBytes = 100 * MIB } = options;
    assertCount("maxBlobBytes", maxBlobBytes);
    assertCount("maxSessionBytes", maxSessionBytes);
    this.#maxBlobBytes = maxBlobBytes;
    this.#maxSessionBytes = maxSessionBytes;
  }

  /**
   * Stores a blob, piece by piece while it comes, and creates the session if there is none. Nothing of it can be seen
   * until all of it is there.
   *
   * @example
   * const blobs = new SessionBlobs({ client });
   * const { id, isNew } = await blobs.put("session_1", process.stdin, { mediaType: "image/png" });
   * console.log(id, isNew);
   *
   * @throws MemoryError `too_large`
   */
  async put(sessionId: string, data: BlobData, options: PutOptions): Promise<PutBlob> {
    assertFields("options", options, PUT_FIELDS);
    const { mediaType, reserve } = options;
    assertText("mediaType", mediaType);
    const keys = this.#scripts.keys(sessionId);
    const all = [...keys.all, `${keys.blobs}:${newEpoch()}`];
    const store = async (piece: string, number: number): Promise<void> => {
      await reserve?.(piece.length);
      await this.#run(PUT_PIECE, all, [String(number), piece]);
    };
    const { id, bytes, pieces, last } = await encodePieces(data, this.#maxBlobBytes, store);
    await reserve?.(last.length);
    const stored: StoredBlob = { id, mediaType, bytes, pieces };
    const fresh = newEpoch();
    const reply = await this.#run(FINISH_BLOB, all, [
      id,
      String(pieces),
      String(bytes),
      JSON.stringify(stored),
      String(this.#maxSessionBytes),
      last,
      fresh,
    ]);
    if (reply[0] === "lost") throw new MemoryError("unavailable", "Uploading the blob took too long");
    if (reply[0] === "too_large") {
      throw new MemoryError(
        "too_large",
        `The blobs of a session may have ${this.#maxSessionBytes} bytes together, and these have ${reply[2]} already`,
      );
    }
    const [, , ttl, epoch, isNew] = reply;
    this.#scripts.index.touch(sessionId, Number(ttl), epoch === fresh);
    return { id, mediaType, bytes, isNew: Number(isNew) === 1, storedBytes: storedBytes(bytes) };
  }

  /**
   * Returns a blob, whose data is read piece by piece while it is consumed. Null: the session has none of this id.
   *
   * @example
   * const blobs = new SessionBlobs({ client });
   * const blob = await blobs.get("session_1", "sha256-47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
   * if (blob) for await (const piece of blob.data()) console.log(blob.mediaType, piece.length);
   *
   * @throws MemoryError `unknown_session`, while it is read, if the session is cleared meanwhile
   */
  async get(
    sessionId: string,
    id: string,
  ): Promise<(BlobInfo & { data(): AsyncGenerator<Uint8Array, void, void> }) | null> {
    assertId("id", id);
    const { all } = this.#scripts.keys(sessionId);
    const read = (number: number) => this.#run(READ_PIECE, all, [id, String(number)]);
    const first = await read(0);
    if (first[0] === "unknown") return null;
    const { mediaType, bytes, pieces } = decodeBlob(String(first[2]));
    async function* data(): AsyncGenerator<Uint8Array, void, void> {
      for (let number = 0; number < pieces; number++) {
        const reply = number === 0 ? first : await read(number);
        if (reply[0] === "unknown") throw clearedWhileRead();
        yield fromBase64(String(reply[3]));
      }
    }
    return { id, mediaType, bytes, data };
  }

  /**
   * Lists the session's blobs.
   *
   * @example
   * for (const { id, mediaType, bytes } of await new SessionBlobs({ client }).list("session_1")) {
   *   console.log(id, mediaType, bytes);
   * }
   */
  async list(sessionId: string): Promise<BlobInfo[]> {
    const [, , ...infos] = await this.#run(LIST_BLOBS, this.#scripts.keys(sessionId).all, []);
    return infos.map((info) => {
      const { id, mediaType, bytes } = decodeBlob(String(info));
      return { id, mediaType, bytes };
    });
  }

  #run(script: Script, keys: string[], args: string[]): Promise<Reply> {
    return this.#scripts.run(script, keys, args, true);
  }
}
