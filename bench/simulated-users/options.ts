import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

export const USAGE = `npm run load -- [--url URL] [--users 100] [--minutes 2] …

Simulates users of a running instance, prints what it did, and forecasts the hardware for more users.

  --url URL             the instance (http://127.0.0.1:9090); requests go to this address only
  --users N             users at once (100)
  --minutes M           length of the measurement (2); before it the users arrive one by one
  --think-seconds S     average pause between an answer and the next message (20)
  --turns N             average turns of a session (6); then the user begins another one
  --message-chars N     length of a message (120)
  --provider NAME       the provider that answers (mirror); its costs are real
  --model NAME          one of its models (its default)
  --mode MODE           stateful or stateless (stateful)
  --key-file FILE       a file with an API key, if the instance needs one
  --keep                keeps the sessions; otherwise they are deleted
  --write               writes the figures to docs/results/load.md too

The length and speed of answers depend on the provider. A scripted provider:
  npm run load:provider -- --port 11435 --tokens 150 --tokens-per-second 40
  OLLAMA_BASE_URL=http://127.0.0.1:11435/v1 OLLAMA_MODEL=paced npm start
  npm run load -- --provider ollama`;

const string = { type: "string" } as const;

/** @throws Error with a message for the user */
export function loadOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { ...string, default: "http://127.0.0.1:9090" },
      users: { ...string, default: "100" },
      minutes: { ...string, default: "2" },
      "think-seconds": { ...string, default: "20" },
      turns: { ...string, default: "6" },
      "message-chars": { ...string, default: "120" },
      provider: { ...string, default: "mirror" },
      model: string,
      mode: { ...string, default: "stateful" },
      "key-file": string,
      keep: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const number = (name: "users" | "minutes" | "think-seconds" | "turns" | "message-chars", most: number) => {
    const value = Number(values[name]);
    if (!(value > 0 && value <= most))
      throw new Error(`--${name} must be a number above 0, and at most ${most}.`);
    return value;
  };
  const url = URL.parse(values.url);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new Error("--url must be an http or https URL.");
  const keyFile = values["key-file"];
  return {
    url,
    users: Math.ceil(number("users", 100_000)),
    minutes: number("minutes", 24 * 60),
    thinkSeconds: number("think-seconds", 3600),
    turns: Math.max(1, number("turns", 10_000)),
    messageChars: Math.ceil(number("message-chars", 2000)),
    provider: values.provider,
    model: values.model,
    mode: values.mode,
    key: keyFile === undefined ? undefined : readFileSync(keyFile, "utf8").trim(),
    keep: values.keep,
    help: values.help,
  } as const;
}

export type LoadOptions = ReturnType<typeof loadOptions>;
