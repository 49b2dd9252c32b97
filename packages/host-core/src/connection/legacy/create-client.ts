import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ProgressNotificationSchema,
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ToolListChangedNotificationSchema,
  type CreateMessageResult,
  type ElicitResult,
  type ListRootsResult,
} from "@modelcontextprotocol/sdk/types.js";
import type { McpConnectionEvents } from "../connection.ts";
import { CLIENT_IDENTITY } from "../client-identity.ts";
import type { ServerQuestions } from "../questions/server-questions.ts";

/** A client of the SDK that tells of changes, and answers the server's questions as far as they are allowed. */
export function createClient(questions: ServerQuestions, events: McpConnectionEvents): Client {
  const { capabilities } = questions;
  const client = new Client(CLIENT_IDENTITY, { capabilities });
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => events.onToolsChanged());
  client.setNotificationHandler(ResourceListChangedNotificationSchema, () => events.onResourcesChanged());
  client.setNotificationHandler(PromptListChangedNotificationSchema, () => events.onPromptsChanged());
  // The router has seen it already; the client's own handler would complain of a token that it does not know.
  client.setNotificationHandler(ProgressNotificationSchema, () => {});
  // The client takes no handler for what it does not declare.
  if (capabilities.sampling) {
    client.setRequestHandler(
      CreateMessageRequestSchema,
      async ({ params }, { signal }) => (await questions.sample(params, signal)) as CreateMessageResult,
    );
  }
  if (capabilities.elicitation) {
    client.setRequestHandler(
      ElicitRequestSchema,
      ({ params }) => questions.elicit(params) as unknown as ElicitResult,
    );
  }
  if (capabilities.roots) {
    client.setRequestHandler(ListRootsRequestSchema, () => questions.roots() as unknown as ListRootsResult);
  }
  return client;
}
