import type { Target } from "../redis.ts";

/** What a run of the matrix is about. */
export interface MatrixTarget extends Target {
  /** As the table names it. */
  readonly name: string;
  /** Its server, for a test that needs one to break. */
  readonly binary: string;
}

export function matrixTarget(): MatrixTarget {
  const target = process.env.TEST_REDIS_TARGET;
  if (target === undefined)
    throw new Error("TEST_REDIS_TARGET is not set: run this by `npm run test:matrix`.");
  return JSON.parse(target) as MatrixTarget;
}
