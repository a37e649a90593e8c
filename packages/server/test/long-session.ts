import type { ContextReport } from "@redis-memory-magic/protocol";
import type { TestServer } from "./test-server.ts";

export const FILLER = "We walked along the river and looked at boats for a long while. ".repeat(3);

/** 21 questions and answers: more than a small window has room for. */
export const LONG_SESSION = [
  { id: "name", role: "user", content: "My name is Bob" },
  { id: "greeting", role: "assistant", content: "Hello Bob!" },
  ...Array.from({ length: 20 }, (_, n) => [
    { id: `q${n}`, role: "user", content: `Question ${n}: ${FILLER}` },
    { role: "assistant", content: "How nice." },
  ]).flat(),
];

export const reportOf = async (server: TestServer, turnId: string, session = "s"): Promise<ContextReport> =>
  (await server.inject("GET", `/sessions/${session}/turns/${turnId}`)).json().report;
