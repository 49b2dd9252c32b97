import { Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { authenticate, type AccessEnvironment } from "./access/authenticate.ts";
import { loopbackOnly } from "./access/loopback.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { limitBody } from "./http/limit-body.ts";
import { createErrorHandler, problemResponse } from "./http/problem.ts";
import { securityHeaders } from "./http/security-headers.ts";
import { chatRoutes } from "./routes/chat.ts";
import { docsRoutes } from "./routes/docs.ts";
import { executeToolRoutes } from "./routes/execute-tool.ts";
import { healthRoutes } from "./routes/health.ts";
import { jobEventRoutes } from "./routes/job-events.ts";
import { jobControlRoutes } from "./routes/job-control.ts";
import { jobRetryRoutes } from "./routes/job-retry.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { mcpRoutes } from "./routes/mcp.ts";
import { mcpReloadRoutes } from "./routes/mcp-reload.ts";
import { mcpResourceRoutes } from "./routes/mcp-resources.ts";
import { modelRoutes } from "./routes/models.ts";
import { submitJobRoutes } from "./routes/submit-job.ts";
import { workerRoutes } from "./routes/workers.ts";

/** The HTTP API. Every request passes through here from top to bottom. */
export function createApp(dependencies: ApiDependencies) {
  const { apiKeys, maxBodyBytes } = dependencies.config;
  const app = new Hono<AccessEnvironment>();
  app.onError(createErrorHandler(dependencies.logger));
  app.notFound((c) =>
    problemResponse(c, "route_not_found", {
      detail: `There is no ${c.req.method} ${c.req.path}. GET /docs lists all.`,
    }),
  );

  app.use(requestId());
  app.use(securityHeaders);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        const allow = methods.join(", ");
        return problemResponse(c, "method_not_allowed", { detail: `Use ${allow}.`, headers: { allow } });
      },
    }),
  );
  if (apiKeys.length === 0) app.use(loopbackOnly);
  app.route("/", healthRoutes(dependencies));
  app.route("/", docsRoutes(app as unknown as Hono));

  app.use(authenticate(apiKeys));
  app.use(limitBody(maxBodyBytes));
  return app
    .route("/", submitJobRoutes(dependencies))
    .route("/", jobRoutes(dependencies))
    .route("/", jobEventRoutes(dependencies))
    .route("/", jobControlRoutes(dependencies))
    .route("/", jobRetryRoutes(dependencies))
    .route("/", chatRoutes(dependencies))
    .route("/", modelRoutes(dependencies))
    .route("/", mcpRoutes(dependencies))
    .route("/", mcpResourceRoutes(dependencies))
    .route("/", mcpReloadRoutes(dependencies))
    .route("/", executeToolRoutes(dependencies))
    .route("/", workerRoutes(dependencies));
}
