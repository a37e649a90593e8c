import net from "node:net";
import tls from "node:tls";

/**
 * A Redis to be asked. `host` and `port` as in a URL; `password` and `username` only when there are any.
 * @typedef {{ host: string, port: number, username?: string, password?: string, tls?: boolean, ca?: string }} Target
 */

/** What Redis answered with an error, such as `NOAUTH Authentication required.` */
export class RedisError extends Error {}

/** What answers does not speak Redis' protocol. */
export class NotRedis extends Error {}

/**
 * Sends commands and resolves with their replies, errors among them as `RedisError`; rejects when there is no whole
 * answer within the deadline, or with `NotRedis`.
 * @param {Target} target
 * @param {string[][]} commands
 * @param {number} deadlineMs
 * @returns {Promise<unknown[]>}
 */
export function askRedis(target, commands, deadlineMs) {
  const { host, port } = target;
  const sent = target.password === undefined ? commands : [authenticate(target), ...commands];
  return new Promise((resolve, reject) => {
    const socket = target.tls
      ? tls.connect({
          host,
          port,
          servername: net.isIP(host) ? "" : host,
          ...(target.ca && { ca: target.ca }),
        })
      : net.connect({ host, port });
    const timer = setTimeout(
      () => finish(() => reject(new Error(`no answer within ${deadlineMs / 1000} s`))),
      deadlineMs,
    );
    let received = Buffer.alloc(0);

    /** @param {() => void} settle */
    const finish = (settle) => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    socket.on("error", (error) => finish(() => reject(error)));
    socket.on("close", () => finish(() => reject(new Error("the connection was closed"))));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      try {
        const replies = parseReplies(received);
        const refused = sent !== commands && replies[0] instanceof RedisError ? replies[0] : undefined;
        if (refused) finish(() => reject(refused));
        else if (replies.length >= sent.length) {
          finish(() => resolve(replies.slice(sent.length - commands.length)));
        }
      } catch (error) {
        finish(() => reject(error));
      }
    });
    socket.write(sent.map(encodeCommand).join(""));
  });
}

/** @param {Target} target */
function authenticate({ username, password = "" }) {
  return username ? ["AUTH", username, password] : ["AUTH", password];
}

/** @param {string[]} words */
function encodeCommand(words) {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}

/**
 * The whole replies at the beginning of what was received.
 * @param {Buffer} buffer
 * @returns {unknown[]}
 */
export function parseReplies(buffer) {
  const replies = [];
  for (let offset = 0; offset < buffer.length; ) {
    const parsed = parseReply(buffer, offset);
    if (!parsed) break;
    replies.push(parsed.value);
    offset = parsed.end;
  }
  return replies;
}

/**
 * @param {Buffer} buffer
 * @param {number} start
 * @returns {{ value: unknown, end: number } | undefined} undefined: it is not whole yet
 */
function parseReply(buffer, start) {
  const type = String.fromCharCode(buffer[start] ?? 0);
  if (!"+-:$*".includes(type)) throw new NotRedis();
  const lineEnd = buffer.indexOf("\r\n", start);
  if (lineEnd < 0) return undefined;
  const line = buffer.toString("utf8", start + 1, lineEnd);
  const end = lineEnd + 2;
  if (type === "+") return { value: line, end };
  if (type === "-") return { value: new RedisError(line), end };
  const number = Number(line);
  if (!Number.isInteger(number)) throw new NotRedis();
  if (type === ":") return { value: number, end };
  if (number < 0) return { value: null, end };
  if (type === "$") {
    if (buffer.length < end + number + 2) return undefined;
    return { value: buffer.toString("utf8", end, end + number), end: end + number + 2 };
  }
  const items = [];
  let offset = end;
  for (let index = 0; index < number; index++) {
    const item = offset < buffer.length ? parseReply(buffer, offset) : undefined;
    if (!item) return undefined;
    items.push(item.value);
    offset = item.end;
  }
  return { value: items, end: offset };
}
