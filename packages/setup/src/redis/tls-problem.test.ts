import { expect, test } from "vitest";
import { tlsProblem } from "./tls-problem.ts";

const withCode = (message: string, code: string) => Object.assign(new Error(message), { code });

test.each<[Error, boolean, RegExp]>([
  [
    withCode("self-signed certificate in certificate chain", "SELF_SIGNED_CERT_IN_CHAIN"),
    true,
    /not trusted \(self-signed .*REDIS_TLS_CA_FILE/,
  ],
  [new Error("unable to verify the first certificate"), true, /REDIS_TLS_CA_FILE/],
  [
    new Error("80DC:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../deps"),
    true,
    /requires a client certificate, which cannot be given/,
  ],
  [withCode("Hostname/IP does not match", "ERR_TLS_CERT_ALTNAME_INVALID"), true, /for another host name/],
  [new Error("error:0A00010B:SSL routines:ssl3_get_record:wrong version number"), true, /redis:\/\/ instead/],
  [withCode("read ECONNRESET", "ECONNRESET"), true, /perhaps it requires a client certificate/],
  [withCode("read ECONNRESET", "ECONNRESET"), false, /write rediss:\/\//],
  [new Error("Socket closed unexpectedly"), false, /write rediss:\/\//],
])("explains %s", (error, usesTls, expected) => {
  expect(tlsProblem(error, usesTls)).toMatch(expected);
});

test("says nothing about other errors", () => {
  expect(tlsProblem(withCode("connect ECONNREFUSED", "ECONNREFUSED"), false)).toBeUndefined();
  expect(tlsProblem(withCode("connect ECONNREFUSED", "ECONNREFUSED"), true)).toBeUndefined();
});
