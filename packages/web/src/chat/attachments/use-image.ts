import { useEffect, useState } from "react";
import { asApiError } from "../../api/api-error.ts";
import { t } from "../../texts/later.ts";
import { type ImageAttachment, imageData } from "../state/attachment.ts";

/** Returns an image in Base64, from Redis if the page does not have it; nothing is asked of other servers. */
export function useImage(
  sessionId: string,
  image: ImageAttachment,
): { readonly data: string | null; readonly problem: string | null } {
  const { data, blob } = image;
  const [fetched, setFetched] = useState<{ of: string; data: string | null; problem: string | null }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: an image is known by its blob.
  useEffect(() => {
    if (data !== null || blob === null) return;
    let isCurrent = true;
    const show = (found: { data: string | null; problem: string | null }) => {
      if (isCurrent) setFetched({ of: blob, ...found });
    };
    imageData(sessionId, image).then(
      (found) => show({ data: found, problem: null }),
      (error) => show({ data: null, problem: asApiError(error).message }),
    );
    return () => {
      isCurrent = false;
    };
  }, [sessionId, data, blob]);
  if (data !== null) return { data, problem: null };
  if (blob === null) return { data: null, problem: t.attachments.notHere };
  return fetched?.of === blob ? fetched : { data: null, problem: null };
}
