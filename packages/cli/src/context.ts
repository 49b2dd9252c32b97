import { createClient, type MillraceClient } from "@millrace/client";
import { CommandError } from "./failure.ts";
import { Output, type Streams } from "./output/output.ts";

/** Options that every command has. */
export interface GlobalOptions {
  url: string;
  apiKey?: string | undefined;
  json: boolean;
}

/** What a command works with. */
export interface Context {
  client: MillraceClient;
  output: Output;
}

/** @throws CommandError when url or key cannot be used. */
export function createContext({ url, apiKey, json }: GlobalOptions, streams: Streams): Context {
  const output = new Output({ json, ...streams });
  try {
    return { client: createClient({ url, apiKey: apiKey === "" ? undefined : apiKey }), output };
  } catch (error) {
    const { message } = error as Error;
    throw new CommandError(
      message.replace("apiKey", "--api-key or MILLRACE_API_KEY").replace("url", "--url or MILLRACE_URL"),
    );
  }
}
