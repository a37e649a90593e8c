import type { ApiItem, CreateResponse, InputItem } from "@redis-memory-magic/protocol/openai";
import { LRUCache } from "lru-cache";
import { MAX_MESSAGE_BYTES } from "../http/wire/web-socket.ts";

interface UnstoredResponse {
  /** The stored response that it went on from. */
  readonly previous: string | undefined;
  /** All that came behind that one, and its own output. */
  readonly items: readonly InputItem[];
  readonly bytes: number;
}

/** The responses of one connection that are not stored: it can go on from them for as long as it is open. */
export class UnstoredResponses {
  readonly #responses = new LRUCache<string, UnstoredResponse>({
    maxSize: MAX_MESSAGE_BYTES,
    sizeCalculation: ({ bytes }) => bytes,
  });

  /** The same request, with all that its parent knew instead of the parent's id; undefined: the parent is not here. */
  wholeRequest<Body extends CreateResponse>(body: Body): Body | undefined {
    const parent = this.#responses.get(body.previous_response_id ?? "");
    return (
      parent && { ...body, previous_response_id: parent.previous, input: [...parent.items, ...listOf(body)] }
    );
  }

  /** @param request that the response was made of, whole */
  add(id: string, request: CreateResponse, output: readonly ApiItem[]): void {
    const items = [...listOf(request), ...(output as readonly InputItem[])];
    const previous = request.previous_response_id ?? undefined;
    this.#responses.set(id, { previous, items, bytes: JSON.stringify(items).length });
  }

  delete(id: string): void {
    this.#responses.delete(id);
  }
}

const listOf = ({ input }: CreateResponse): readonly InputItem[] =>
  typeof input === "string" ? [{ role: "user", content: input }] : (input ?? []);
