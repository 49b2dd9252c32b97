import {
  Client,
  type CreateMessageResult,
  type ElicitResult,
  type ListRootsResult,
} from "@modelcontextprotocol/client";
import { CLIENT_IDENTITY } from "../client-identity.ts";
import type { ServerQuestions } from "../questions/server-questions.ts";

const PROTOCOL_VERSION = "2026-07-28";
/** Answers to one call's questions, before it is given up. */
const ROUNDS_MAX = 10;

/**
 * A client of the SDK for this one version. A server asks in its answer to a call, which is sent again with ours
 * (MCP specification 2026-07-28, "Multi round-trip requests"); one that may ask nothing gets an error.
 */
export function createClient(questions: ServerQuestions): Client {
  const { capabilities } = questions;
  const client = new Client(CLIENT_IDENTITY, {
    capabilities,
    versionNegotiation: { mode: { pin: PROTOCOL_VERSION } },
    inputRequired: { autoFulfill: Object.keys(capabilities).length > 0, maxRounds: ROUNDS_MAX },
  });
  // The client takes no handler for what it does not declare.
  if (capabilities.sampling) {
    client.setRequestHandler(
      "sampling/createMessage",
      async ({ params }, { mcpReq }) =>
        (await questions.sample(params, mcpReq.signal)) as unknown as CreateMessageResult,
    );
  }
  if (capabilities.elicitation) {
    client.setRequestHandler(
      "elicitation/create",
      ({ params }) => questions.elicit(params) as unknown as ElicitResult,
    );
  }
  if (capabilities.roots) {
    client.setRequestHandler("roots/list", () => questions.roots() as unknown as ListRootsResult);
  }
  return client;
}
