import { ModelDirectory } from "@millrace/contracts";
import { expect, test } from "vitest";
import { providerError } from "./provider-error.ts";

const { default: settings } = new ModelDirectory({ models: {} }, {});

test("[model.errors.secret] a provider that repeats the key, in whatever spelling, does not give it away", () => {
  const apiKey = "key/with+signs=";
  const message = `no such key: ${apiKey}, sent as ?key=${encodeURIComponent(apiKey)}`;
  const failure = { status: 401, type: null, message };
  const error = providerError({ settings, apiKey }, failure);
  expect(error.message).toContain("no such key: [redacted], sent as ?key=[redacted]");
});

test("[model.errors.secret] a placeholder of a few characters garbles no message", () => {
  const failure = { status: 401, type: null, message: "a key is missing" };
  expect(providerError({ settings, apiKey: "key" }, failure).message).toContain("a key is missing");
});
