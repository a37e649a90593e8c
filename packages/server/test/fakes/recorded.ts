import { readFileSync } from "node:fs";

/** What a real Ollama answered once, from `fixtures/`. */
export interface RecordedExchange {
  /** Method and path: `GET /api/ps`. */
  readonly request: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Reads `fixtures/<name>.http`: the request in lines that begin with `>`, then the response as it came. */
export function recorded(name: string): RecordedExchange {
  const text = readFileSync(new URL(`fixtures/${name}.http`, import.meta.url), "utf8");
  const start = text.indexOf("HTTP/1.1 ");
  const [head = "", ...body] = text.slice(start).split("\r\n\r\n");
  return {
    request: /^> (\S+ \S+)/.exec(text)?.[1] ?? "",
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
    contentType: /^content-type: (.+)$/im.exec(head)?.[1]?.trim() ?? "",
    body: body.join("\r\n\r\n"),
  };
}
