import { expect, test } from "vitest";
import { itemId, parseItemId } from "./ids.ts";

test.each(["message", "reasoning", "web_search", "constructor"])(
  "reads the id of an item of type %s",
  (type) => {
    const address = { sessionId: "pizza night", turnId: "0123456789abcdef", position: 2 };
    expect(parseItemId(itemId(type, address))).toEqual(address);
  },
);
