import { readFileSync } from "node:fs";

/** What a real server answered once, from `fixtures/`. */
export interface RecordedExchange {
  /** Method and path: `GET /api/ps`. */
  readonly request: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * Reads `fixtures/<name>.http`: exchanges in the order in which they happened, each with its request in a line that
 * begins with `>` and its response. Requests' bodies, most headers and the middle of long answers are left out.
 */
export function recordedExchanges(name: string): RecordedExchange[] {
  const text = readFileSync(new URL(`fixtures/${name}.http`, import.meta.url), "utf8");
  return text.split(/^> (?=[A-Z]+ \/)/m).flatMap((part) => (part.trim() === "" ? [] : [parse(part)]));
}

/** The first exchange of a recording. */
export function recorded(name: string): RecordedExchange {
  const [first] = recordedExchanges(name);
  if (first === undefined) throw new Error(`There is no exchange in ${name}.http.`);
  return first;
}

function parse(part: string): RecordedExchange {
  const [head = "", ...body] = part.slice(part.indexOf("HTTP/1.1 ")).split("\r\n\r\n");
  return {
    request: /^\S+ \S+/.exec(part)?.[0] ?? "",
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
    contentType: /^content-type: (.+)$/im.exec(head)?.[1]?.trim() ?? "",
    body: body.join("\r\n\r\n"),
  };
}
