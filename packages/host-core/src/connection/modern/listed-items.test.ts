import { expect, test } from "vitest";
import { putItemsBack, setItemsAside } from "./listed-items.ts";

test("[protocol.modern.odd] entries of a list pass by the SDK, which would refuse all for one", () => {
  const result = { resultType: "complete", tools: [{ name: "no schema" }, null], _meta: { a: 1 } };
  const aside = setItemsAside({ jsonrpc: "2.0", id: 1, result });
  expect(aside.result).toMatchObject({ resultType: "complete", tools: [], _meta: { a: 1 } });
  expect(putItemsBack({ ...aside.result })["tools"]).toEqual(result.tools);
});

test("[protocol.modern.odd] anything else is left as it is", () => {
  const answer = { jsonrpc: "2.0", id: 1, result: { contents: [] } } as const;
  expect(setItemsAside(answer)).toBe(answer);
  expect(putItemsBack(answer.result)).toBe(answer.result);
  const notice = { jsonrpc: "2.0", method: "notifications/progress" } as const;
  expect(setItemsAside(notice)).toBe(notice);
});

test("[host.result.odd] a result passes the SDK with parts that are no content", () => {
  const result = { content: [{ type: "text", text: "done" }, 7], structuredContent: [1] };
  const seen = setItemsAside({ jsonrpc: "2.0", id: 1, result });
  expect(seen.result).toMatchObject({ content: [], structuredContent: [1] });
  expect(putItemsBack({ ...seen.result })).toMatchObject(result);
});
