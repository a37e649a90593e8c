import { killGuarded } from "./guard.mjs";

// npm passes on what the terminal has sent already: one Ctrl-C can arrive twice.
const ECHO_MS = 500;

/**
 * Listens for Ctrl-C, SIGTERM, a closed terminal, and the end of the process that started this one with a channel. The
 * first asks for an orderly end; a second Ctrl-C ends at once what was guarded, and this process.
 * @param {() => void} onFirst
 * @returns {AbortSignal}
 */
export function listenForStop(onFirst) {
  const controller = new AbortController();
  let first = 0;
  const stop = () => {
    if (!first) {
      first = Date.now();
      onFirst();
      controller.abort();
    } else if (Date.now() - first > ECHO_MS) {
      killGuarded();
      process.exit(130);
    }
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, stop);
  // The reader of our output went away (`npm start | head`); it is no second Ctrl-C.
  process.stdout.on("error", () => first || stop());
  // The first stage, which started us, was killed.
  process.on("disconnect", () => first || stop());
  process.channel?.unref();
  return controller.signal;
}
