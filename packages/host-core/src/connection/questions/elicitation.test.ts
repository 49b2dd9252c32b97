import { expect, test } from "vitest";
import { answerElicitation } from "./elicitation.ts";

const ask = (properties: object, required?: string[]) =>
  answerElicitation({ message: "?", requestedSchema: { type: "object", properties, required } }, "defaults");

const DECLINED = { action: "decline" };

test.each<[string, object]>([
  ["is none of the choices", { type: "string", enum: ["red", "green"], default: "blue" }],
  ["is too small", { type: "number", minimum: 5, default: 1 }],
  ["is of another type", { type: "boolean", default: "yes" }],
])("[host.questions.defaults] a form with a default that %s is declined", (_how, field) => {
  expect(ask({ field }, ["field"])).toEqual(DECLINED);
  expect(ask({ field })).toEqual(DECLINED);
});

test("[host.questions.defaults] a form whose defaults fit is answered with them", () => {
  const colour = { type: "string", enum: ["red", "green"], default: "red" };
  const tags = { type: "array", items: { type: "string", enum: ["a", "b"] }, default: ["a"] };
  const form = { colour, tags, name: { type: "string", minLength: 1 } };
  expect(ask(form, ["colour"])).toEqual({ action: "accept", content: { colour: "red", tags: ["a"] } });
  expect(ask(form, ["name"])).toEqual(DECLINED);
});

test("[host.questions.defaults] a form that is far too large is declined", () => {
  const fields = Array.from({ length: 10_000 }, (_unused, index) => [`field_${index}`, { type: "string" }]);
  expect(ask(Object.fromEntries(fields) as object)).toEqual(DECLINED);
});
