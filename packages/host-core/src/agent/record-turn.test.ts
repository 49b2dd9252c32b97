import { expect, test } from "vitest";
import type { AssistantBlock } from "@millrace/contracts";
import { withUniqueCallIds } from "./record-turn.ts";

const call = (id: string): AssistantBlock => ({
  type: "tool_use",
  id,
  name: "files__read",
  input: { of: id },
});

test("[agent.calls.ids] a call whose id was used before gets another, and no other block changes", () => {
  const text: AssistantBlock = { type: "text", text: "a" };
  const content = [text, call("a"), call("b"), call("b_2"), call("b")];
  const message = withUniqueCallIds({ role: "assistant", content }, new Set(["a", "a_2"]));
  const ids = message.content.map((block) => (block.type === "tool_use" ? block.id : block));
  expect(ids).toEqual([text, "a_3", "b", "b_2", "b_3"]);
  expect(message.content[1]).toMatchObject({ input: { of: "a" } });
});
