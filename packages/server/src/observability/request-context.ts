import { AsyncLocalStorage } from "node:async_hooks";

/** The request that led to what is being done now, for log lines and traces. */
export interface RequestContext {
  readonly requestId: string;
  /** The W3C trace that the request belongs to, as its header says. */
  readonly traceparent: string | undefined;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Does work, and all that follows from it, for a request. */
export const forRequest = (context: RequestContext, work: () => void): void => storage.run(context, work);

export const currentRequest = (): RequestContext | undefined => storage.getStore();
