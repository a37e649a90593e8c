import { lookup } from "node:dns";

const LOOPBACK = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/**
 * Looks up a host name for `net.connect`. `localhost` is both loopback addresses, as in browsers, also where the hosts
 * file has one of them only: many programs listen on the other.
 * @type {import("node:net").LookupFunction}
 */
export function lookupHost(hostname, options, callback) {
  lookup(hostname, options, (error, found, family) => {
    if (hostname !== "localhost" || !options.all) return callback(error, found, family);
    const known = Array.isArray(found) ? found : [];
    const missing = LOOPBACK.filter(({ address }) => known.every((other) => other.address !== address));
    callback(null, [...known, ...missing]);
  });
}
