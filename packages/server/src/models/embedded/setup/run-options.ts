/** What npm, pip, uv and Python need: where they are, the network, and their own settings. */
const NEEDED = new RegExp(
  `^(${[
    "PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TMPDIR|TEMP|TMP|XDG_.*",
    "USERPROFILE|APPDATA|LOCALAPPDATA|PROGRAMDATA|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT",
    "(HTTP|HTTPS|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|NODE_AUTH_TOKEN|NPM_TOKEN|NPM_CONFIG_.*|NPM_EXECPATH",
    "PIP_.*|UV_.*|PYENV_.*|VIRTUAL_ENV",
  ].join("|")})$`,
  "i",
);

/** The part of an environment that the programs of the set-up are given: none of the server's keys and passwords. */
export const withoutSecrets = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => NEEDED.test(name)));

/** How a program of the set-up is run: with what it needs of this environment, and ended at once when the signal aborts. */
export const runOptions = (env: NodeJS.ProcessEnv, cancelSignal: AbortSignal) =>
  ({
    env: withoutSecrets(env),
    extendEnv: false,
    cancelSignal,
    killSignal: "SIGKILL",
    stdin: "ignore",
    reject: false,
  }) as const;
