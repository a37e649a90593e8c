import type { ChatModel, Completion, ModelRequest } from "../src/chat/chat-model.ts";
import { AppError } from "../src/errors/app-error.ts";
import { AnswerRecorder } from "./answer-recorder.ts";

/** Asks a model, and returns what it sent. */
export async function ask(
  model: ChatModel,
  request: ModelRequest,
  signal = new AbortController().signal,
): Promise<Completion & { answer: string; thoughts: number }> {
  const sink = new AnswerRecorder();
  const completion = await model.generate(request, sink, signal);
  return { answer: sink.answer, thoughts: sink.thoughts, ...completion };
}

/** Asks a model that must fail with an `AppError`. */
export async function failureOf(model: ChatModel, request: ModelRequest): Promise<AppError> {
  const failure = await ask(model, request).catch((error: unknown) => error);
  if (failure instanceof AppError) return failure;
  throw new Error("The model did not fail with an AppError.", { cause: failure });
}
