import { expect, test } from "vitest";
import { BodyGauge } from "./body-gauge.ts";

const EVENTS = [
  "id: 1\ndata: \n\n",
  ": nothing\n\n",
  'event: message\r\nid:two\r\ndata: {"a":1}\r\n\r\n',
  'data: {"id: 9":1}\nid: drei\n\n',
  "data: none\n\n",
];
const IDS = ["1", "1", "two", "drei", "drei"];

test.each([1, 2, 3, 5, 7, 1_000])(
  "[host.http.resumed] the id of the last whole event is known, in chunks of %d bytes",
  (size) => {
    const gauge = new BodyGauge(true);
    const seen = EVENTS.map((event) => {
      const bytes = Buffer.from(event);
      for (let start = 0; start < bytes.length; start += size) gauge.add(bytes.subarray(start, start + size));
      return gauge.lastId;
    });
    expect(seen).toEqual(IDS);
    gauge.add(Buffer.from('id: 5\ndata: {"cut'));
    expect(gauge.lastId).toBe("drei");
  },
);

test("[host.http.resumed] a chunk of several events has the id of the last that has one", () => {
  const gauge = new BodyGauge(true);
  gauge.add(Buffer.from(`${EVENTS.join("")}id: 5\ndata:`));
  expect(gauge.lastId).toBe("drei");
  gauge.add(Buffer.from(" {}\n\n"));
  expect(gauge.lastId).toBe("5");
});
