import { useCallback, useState } from "react";
import { ApiError } from "../api/api-error.ts";

/** Runs what a button asks for, and keeps the sentence that says why it did not work. */
export function useFailure() {
  const [failure, setFailure] = useState<string | null>(null);
  const attempt = useCallback(async (action: () => Promise<void>) => {
    setFailure(null);
    try {
      await action();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error.message);
    }
  }, []);
  const dismiss = useCallback(() => setFailure(null), []);
  return { failure, attempt, dismiss };
}
