import type { Mode } from "@redis-memory-magic/protocol";

/** Says what works while Redis cannot be reached. */
export function RedisNotice({ mode }: { mode: Mode }) {
  return (
    <div className="bar-notice" role="status">
      <p>
        <strong>Redis is away.</strong>{" "}
        {mode === "stateful"
          ? "With memory nothing can be answered until it is back. Without memory it can, and is not stored."
          : "You are answered all the same, and nothing of it is stored."}
      </p>
    </div>
  );
}
