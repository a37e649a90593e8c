import { createHash, timingSafeEqual } from "node:crypto";
import { AppError } from "../../errors/app-error.ts";
import { logSecurityEvent } from "../../observability/security-log.ts";
import type { Routes } from "../api.ts";
import { credentialsOf } from "../hooks/credentials.ts";

/**
 * `GET /metrics`. Use and costs are for the operator only. A caller with METRICS_TOKEN may read them under any host name.
 * If no token is set, this machine may read them with AUTH=none, and otherwise no caller can.
 */
export const metricsRoutes: Routes =
  ({ metrics, metricsToken, identity }) =>
  async (app) => {
    app.get(
      "/metrics",
      { config: { skipHostCheck: metricsToken !== undefined }, schema: { hide: true } },
      async (request, reply) => {
        if (metricsToken !== undefined) {
          const { bearer } = credentialsOf(request);
          if (!isSame(bearer ?? "", metricsToken)) {
            if (bearer !== null) {
              const reason = "This is not METRICS_TOKEN.";
              logSecurityEvent(request.log, "login_refused", { reason, address: request.ip });
            }
            reply.header("www-authenticate", 'Bearer realm="metrics"');
            throw new AppError(
              "unauthenticated",
              "Send METRICS_TOKEN as a bearer token to read the metrics.",
            );
          }
        } else if (!identity.methods.includes("none")) {
          throw new AppError("not_found", "Metrics are not served: METRICS_TOKEN is not set.");
        }
        return reply
          .header("cache-control", "no-store")
          .type(metrics.contentType)
          .send(await metrics.text());
      },
    );
  };

const isSame = (given: string, expected: string): boolean => timingSafeEqual(sha256(given), sha256(expected));

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();
