import type { IncomingMessage, ServerResponse } from "node:http";
import type { AuthorizationServer } from "./authorization-server.ts";
import { startFixtureHttp, type FixtureHttp } from "./fixture-http.ts";

const METADATA_PATH = "/.well-known/oauth-protected-resource";

/** The fixture over HTTP behind an authorization server: it refuses every request without one of its tokens. */
export async function startProtectedFixture(authorizationServer: AuthorizationServer): Promise<FixtureHttp> {
  const intercept = (request: IncomingMessage, response: ServerResponse): boolean => {
    const origin = `http://${request.headers.host}`;
    if (request.url === METADATA_PATH) {
      const metadata = { resource: `${origin}/`, authorization_servers: [authorizationServer.issuer] };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(metadata));
      return true;
    }
    const [, token = ""] = (request.headers.authorization ?? "").split("Bearer ");
    if (authorizationServer.isValid(token)) return false;
    response
      .writeHead(401, { "www-authenticate": `Bearer resource_metadata="${origin}${METADATA_PATH}"` })
      .end();
    return true;
  };
  return await startFixtureHttp({ intercept });
}
