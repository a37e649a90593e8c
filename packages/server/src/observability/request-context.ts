import { AsyncLocalStorage } from "node:async_hooks";

/** The current request, for log lines and traces. */
export interface RequestContext {
  readonly requestId: string;
  /** The request's W3C `traceparent` header. */
  readonly traceparent: string | undefined;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs work, and everything that it starts, in the context of a request. */
export const forRequest = (context: RequestContext, work: () => void): void => storage.run(context, work);

export const currentRequest = (): RequestContext | undefined => storage.getStore();
