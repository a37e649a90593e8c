import { isBlobId } from "@redis-memory-magic/memory/internal";
import { sessionId } from "@redis-memory-magic/protocol";
import { z } from "zod";
import { IMAGE_TYPES } from "../../chat/image-info.ts";
import { AppError } from "../../errors/app-error.ts";
import { problems, type Routes } from "../api.ts";

const params = z.object({ session_id: sessionId, blob_id: z.string().max(128) });
const bytes = z.custom<Buffer>().meta({ type: "string", format: "binary" });
const SHOWN: ReadonlySet<string> = new Set(IMAGE_TYPES);

/** Route that returns an image or a file of a session. */
export const blobRoutes: Routes = (context) => async (app) => {
  app.get(
    "/sessions/:session_id/blobs/:blob_id",
    {
      schema: {
        tags: ["sessions"],
        summary: "An image or a file of a session; what is no image is a download",
        params,
        response: {
          200: {
            description: "The bytes, as they were sent",
            content: {
              ...Object.fromEntries(IMAGE_TYPES.map((type) => [type, { schema: bytes }])),
              "application/octet-stream": { schema: bytes },
            },
          },
          ...problems(400, 404, 503),
        },
      },
    },
    async (request, reply) => {
      const { session_id, blob_id } = request.params;
      const { sessions, quota } = context.callerOf(request);
      const blob = isBlobId(blob_id) ? await sessions.blob(session_id, blob_id) : null;
      if (blob === null)
        throw new AppError("blob_not_found", "There is no such image or file in this session.");
      await quota.read(async () => blob.bytes);
      const isShown = SHOWN.has(blob.mediaType);
      return (
        reply
          .type(isShown ? blob.mediaType : "application/octet-stream")
          .header("content-disposition", isShown ? "inline" : "attachment")
          .header("x-content-type-options", "nosniff")
          // Whatever it is, it runs nothing and loads nothing.
          .header("content-security-policy", "default-src 'none'; sandbox")
          .header("cache-control", "private, max-age=3600, immutable")
          .send(Buffer.concat(await Array.fromAsync(blob.data())))
      );
    },
  );
};
