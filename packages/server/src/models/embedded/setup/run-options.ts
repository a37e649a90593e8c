/** How a program of the set-up is run: in this environment alone, and ended at once when the signal aborts. */
export const runOptions = (env: NodeJS.ProcessEnv, cancelSignal: AbortSignal) =>
  ({ env, extendEnv: false, cancelSignal, killSignal: "SIGKILL", stdin: "ignore", reject: false }) as const;
