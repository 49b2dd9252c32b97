import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

/** Definitions that the specification forbids and that servers in the field have. */
const BAD_TOOLS: readonly unknown[] = [
  { name: "no_schema" },
  { name: "schema_without_type", inputSchema: { properties: {} } },
  { name: "schema_of_an_array", inputSchema: { type: "array" } },
  { name: "output_schema_no_object", inputSchema: { type: "object" }, outputSchema: "string" },
  { inputSchema: { type: "object" } },
  null,
];

/** Adds bad definitions to every tool list that a server sends through `transport`. */
export function spoilToolList(transport: Transport): Transport {
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    if ("result" in message && Array.isArray(message.result["tools"])) {
      const tools = [...BAD_TOOLS, ...message.result["tools"]];
      return send({ ...message, result: { ...message.result, tools } }, options);
    }
    return send(message, options);
  };
  return transport;
}
