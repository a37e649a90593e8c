/** Returns what is wrong with TLS to a Redis and what to do, for a sentence about it; undefined if it is another error. */
export function tlsProblem(error: unknown, usesTls: boolean): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const text = `${"code" in error ? error.code : ""} ${error.message}`;
  if (!usesTls) {
    // A server that speaks TLS closes a connection that begins with anything else.
    return /ECONNRESET|Socket closed unexpectedly/.test(text)
      ? "it closed the connection: if it speaks TLS, write rediss:// instead of redis:// in REDIS_URL"
      : undefined;
  }
  if (/ALTNAME/.test(text)) return `its certificate is for another host name (${error.message})`;
  if (/certificate required|handshake failure|bad certificate/i.test(text))
    return "it requires a client certificate, which cannot be given: set tls-auth-clients to no or optional there";
  // Whether the alert or the end of the connection arrives first is a matter of chance.
  if (/ECONNRESET|Socket closed unexpectedly/.test(text))
    return "it closed the TLS connection; perhaps it requires a client certificate, which cannot be given";
  if (/self.signed|unable to (verify|get)|SELF_SIGNED|UNABLE_TO/i.test(text))
    return `its certificate is not trusted (${error.message}): name the PEM file of its authority in REDIS_TLS_CA_FILE`;
  if (/wrong version number|packet length too long/i.test(text))
    return "it does not speak TLS: write redis:// instead of rediss:// in REDIS_URL";
  return undefined;
}
