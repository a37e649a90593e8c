import type { Mode } from "@redis-memory-magic/protocol";
import { t } from "../../texts/texts.ts";

/** Says what works while Redis cannot be reached. */
export function RedisNotice({ mode }: { mode: Mode }) {
  return (
    <div className="bar-notice" role="status">
      <p>
        <strong>{t.redisAway.title}</strong> {t.redisAway[mode]}
      </p>
    </div>
  );
}
