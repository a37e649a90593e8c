import { expect, test } from "vitest";
import { commonErrorTexts, providerFailure } from "./provider-failure.ts";

const texts = commonErrorTexts("the model server", "MODEL_URL");

test.each([
  [{}, "The model server refused the request."],
  [{ status: 422 }, "The model server refused the request (status 422)."],
  [{ status: 422, message: "No." }, "The model server refused the request. It said: “No.”"],
  [{ message: "Incorrect key" }, "The model server refused the request. It said: “Incorrect key”."],
])("a refusal with %j: %s", (facts, text) => {
  expect(texts.provider_refused(providerFailure("provider_refused", facts))[0]).toBe(text);
});
