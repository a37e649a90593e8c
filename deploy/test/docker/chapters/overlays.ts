import type { Product } from "../product.ts";
import type { Report } from "../report.ts";
import { builtInModel } from "./overlays/built-in-model.ts";
import { letsEncrypt, ownCertificate } from "./overlays/https.ts";
import { secrets } from "./overlays/secrets.ts";
import { several } from "./overlays/several.ts";

/** Each overlay brought up once, and what it promises. */
export async function overlays(product: Product, report: Report): Promise<void> {
  report.chapter("Overlays");
  await several(product, report);
  await secrets(product, report);
  await report.check("built-in-model: it answers from memory", () => builtInModel(product));
  await report.check("tls: HTTPS, HTTP leads to it, streams arrive", () => ownCertificate(product));
  await report.check("lets-encrypt: Caddy gets a certificate by ACME, of a local authority", () =>
    letsEncrypt(product),
  );
}
