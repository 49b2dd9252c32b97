import { isJsonObject, type JsonObject } from "@millrace/contracts";
import { describeError } from "../../describe-error.ts";
import type { Fetch } from "../http/guarded-fetch.ts";

/** Where an authorization server describes itself: RFC 8414 section 3.1, OpenID Connect Discovery section 4. */
const METADATA_PATH = /\/\.well-known\/(?:oauth-authorization-server|openid-configuration)/;

/** A member that is null says no more than one that is missing, and the SDK's schemas refuse it. */
function withoutNulls(answer: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== null));
}

/** Required only of servers with grants for humans (RFC 8414 section 2), and by the SDK's schema of all. */
function withHumanEndpoint(metadata: JsonObject): JsonObject {
  return { authorization_endpoint: metadata["token_endpoint"], response_types_supported: [], ...metadata };
}

function isSameIssuer(one: string, other: string): boolean {
  const [first, second] = [one, other].map((issuer) =>
    (URL.canParse(issuer) ? new URL(issuer).href : issuer).replace(/\/$/, ""),
  );
  return first === second;
}

/** @throws Error when the metadata at `url` is that of another authorization server: RFC 8414 section 3.3. */
function checkIssuer({ issuer }: JsonObject, url: URL): void {
  const expected = new URL(url.pathname.replace(METADATA_PATH, ""), url.origin).href;
  if (typeof issuer !== "string" || isSameIssuer(issuer, expected)) return;
  throw new Error(
    `the authorization server at ${expected} calls itself ${issuer}, so it gets no credentials; correct its "issuer", or the authorization server that the MCP server names`,
  );
}

/** The SDK keeps no status, and of a code that it does not know nothing at all. */
function withReason(refusal: JsonObject, status: number): JsonObject {
  const { error, error_description: description } = refusal;
  if (typeof error !== "string") return refusal;
  const reason = typeof description === "string" && description !== "" ? `${error}: ${description}` : error;
  return { ...refusal, error_description: `${reason} (HTTP status ${status})` };
}

function mend(answer: JsonObject, url: URL, { ok, status }: Response): JsonObject {
  const given = withoutNulls(answer);
  if (!ok) return withReason(given, status);
  if (!METADATA_PATH.test(url.pathname)) return given;
  checkIssuer(given, url);
  return withHumanEndpoint(given);
}

function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Fetch for the SDK's OAuth client: what authorization servers say, fit for its schemas. It tells an error's body from
 * its text by the class of Node's own Response, which undici's fetch does not give.
 */
export function withReadableAnswers(fetch: Fetch): Fetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    const { body, status, headers } = response;
    if (body === null) return new Response(null, { status, headers });
    const text = await response.text().catch((error: unknown) => {
      // The SDK takes a TypeError for a browser's rule about origins, and asks elsewhere.
      throw new Error(describeError(error), { cause: error });
    });
    const answer = parseObject(text);
    return new Response(answer ? JSON.stringify(mend(answer, new URL(url), response)) : text, {
      status,
      headers,
    });
  };
}
