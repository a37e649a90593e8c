import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { Message } from "./protobuf.ts";

export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly kind: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
  readonly status: { readonly code: number; readonly message: string };
  readonly service: unknown;
}

/** A collector: a real HTTP server that reads OTLP in Protocol Buffers, by the numbers of opentelemetry-proto 1. */
export async function startOtlpReceiver() {
  const spans: ReceivedSpan[] = [];
  const requests: { path: string | undefined; headers: IncomingHttpHeaders; bytes: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const bytes = await buffer(request);
    requests.push({ path: request.url, headers: request.headers, bytes });
    for (const resourceSpans of new Message(bytes).messages(1)) {
      const service = attributesOf(resourceSpans.messages(1)[0], 1)["service.name"];
      const found = resourceSpans.messages(2).flatMap((scope) => scope.messages(2));
      spans.push(...found.map((span) => toSpan(span, service)));
    }
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function toSpan(span: Message, service: unknown): ReceivedSpan {
  const status = span.messages(15)[0];
  const nanoseconds = (field: number): number => Number(span.bytes(field).readBigUInt64LE());
  return {
    traceId: span.bytes(1).toString("hex"),
    spanId: span.bytes(2).toString("hex"),
    parentId: span.bytes(4).toString("hex"),
    name: span.text(5),
    kind: span.integer(6),
    startedAt: nanoseconds(7) / 1e6,
    endedAt: nanoseconds(8) / 1e6,
    attributes: attributesOf(span, 9),
    events: span.messages(11).map((event) => event.text(2)),
    status: { code: status?.integer(3) ?? 0, message: status?.text(2) ?? "" },
    service,
  };
}

const attributesOf = (message: Message | undefined, field: number): Record<string, unknown> =>
  Object.fromEntries(
    (message?.messages(field) ?? []).map((pair) => [pair.text(1), readValue(pair.messages(2)[0])]),
  );

function readValue(value: Message | undefined): unknown {
  if (value?.holds(1)) return value.text(1);
  if (value?.holds(2)) return value.integer(2) === 1;
  if (value?.holds(3)) return value.integer(3);
  if (value?.holds(4)) return value.bytes(4).readDoubleLE();
  return value?.messages(5).flatMap((array) => array.messages(1).map(readValue));
}
