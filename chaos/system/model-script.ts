import type { ModelScript } from "@millrace/testing";

/** Of the models file: both providers' SDKs are at work. */
export const CHAT_ALIASES = ["claude", "gpt"] as const;

/** How the keys of a chat's calls end: of its first turn, and of its second, which makes two at once. */
const CALLS = { first: "/first", append: "/second", put: "/beside" } as const;

/** Two turns that ask for tools and one that answers. A chat's message is its key, with which its calls begin. */
export const CHAT_SCRIPT: ModelScript = {
  turns: [
    {
      text: "I write down the first thing, then two more at once, and tell you when they stand there.",
      tool_calls: [{ name: "ledger__append", input: { key: `{{asked}}${CALLS.first}`, ms: 150 } }],
      first_delay_ms: 100,
      chunk_delay_ms: 60,
    },
    {
      tool_calls: [
        { name: "ledger__append", input: { key: `{{asked}}${CALLS.append}`, ms: 400 } },
        { name: "notes__put", input: { key: `{{asked}}${CALLS.put}`, ms: 200 } },
      ],
      first_delay_ms: 150,
    },
    { text: "All of {{asked}} is done.", first_delay_ms: 100, chunk_length: 6, chunk_delay_ms: 30 },
  ],
};

/** What a chat says in the end. */
export function chatAnswer(key: string): string {
  return `All of ${key} is done.`;
}
