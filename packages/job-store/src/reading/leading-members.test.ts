import { expect, test } from "vitest";
import { leadingMembers } from "./leading-members.ts";

test("[store.scan.leading] gives the whole members of an object wherever its text is cut", () => {
  const object = { type: "a,b", text: '\\"},{', list: [1, { c: "[" }], nested: { d: 1, e: 2 }, last: null };
  const text = JSON.stringify(object);
  const ends = Object.keys(object).map((_, count) => {
    const whole = Object.entries(object).slice(0, count + 1);
    return { whole: Object.fromEntries(whole), length: JSON.stringify(Object.fromEntries(whole)).length };
  });
  for (let length = 0; length < text.length; length += 1) {
    // A member is known to be whole by the comma behind it.
    const expected = ends.findLast((end) => end.length <= length)?.whole ?? {};
    expect(leadingMembers(text.slice(0, length)), `cut at ${length}`).toEqual(expected);
  }
  expect(leadingMembers(text)).toEqual(object);
});
