import { check } from "../check.ts";
import type { Product } from "../product.ts";
import { builtInModel } from "./overlays/built-in-model.ts";
import { letsEncrypt, ownCertificate } from "./overlays/https.ts";
import { secrets } from "./overlays/secrets.ts";
import { several } from "./overlays/several.ts";

/** Each overlay brought up once, and what it promises. */
export function overlays(product: Product): void {
  several(product);
  secrets(product);
  check("built-in-model: it answers from memory", () => builtInModel(product));
}

export function httpsOverlays(product: Product): void {
  check("tls: HTTPS, HTTP leads to it, streams arrive", () => ownCertificate(product));
  check("lets-encrypt: Caddy gets a certificate by ACME, of a local authority", () => letsEncrypt(product));
}
