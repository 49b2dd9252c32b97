import { once } from "node:events";
import { request, type IncomingMessage, type RequestOptions } from "node:http";

/**
 * A request as `fetch` does not send it: with any `Host`, method or path, or in chunks. A body that comes as several
 * texts is sent chunked.
 */
export async function rawRequest(
  url: string,
  path: string,
  { body, ...options }: RequestOptions & { body?: string[] } = {},
): Promise<Response> {
  const { hostname, port } = new URL(url);
  const outgoing = request({ hostname, port, path, agent: false, ...options });
  const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
  // A server that refuses the body may hang up before it has been sent.
  outgoing.on("error", () => undefined);
  for (const chunk of body ?? []) outgoing.write(chunk);
  outgoing.end();
  const [incoming] = await answered;
  const chunks = (await incoming.toArray()) as Buffer[];
  outgoing.destroy();
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
  return new Response(chunks.length === 0 ? null : Buffer.concat(chunks), {
    status: incoming.statusCode ?? 0,
    headers: headers as [string, string][],
  });
}
