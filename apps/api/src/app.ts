import { Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { authenticate } from "./access/authenticate.ts";
import type { AccessEnvironment } from "./access/principal.ts";
import { limitRequests } from "./access/limit-requests.ts";
import { loopbackOnly } from "./access/loopback.ts";
import { requireScope } from "./access/require-scope.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { discardUnreadBody } from "./http/discard-body.ts";
import { limitBody } from "./http/limit-body.ts";
import { createErrorHandler, problemResponse } from "./http/problem.ts";
import { securityHeaders } from "./http/security-headers.ts";
import { batchEventRoutes } from "./routes/batch-events.ts";
import { batchResultRoutes } from "./routes/batch-results.ts";
import { batchUploadRoutes } from "./routes/batch-upload.ts";
import { batchRoutes } from "./routes/batches.ts";
import { chatRoutes } from "./routes/chat.ts";
import { deliveryRoutes } from "./routes/deliveries.ts";
import { docsRoutes } from "./routes/docs.ts";
import { executeToolRoutes } from "./routes/execute-tool.ts";
import { healthRoutes } from "./routes/health.ts";
import { jobEventRoutes } from "./routes/job-events.ts";
import { jobControlRoutes } from "./routes/job-control.ts";
import { jobRetryRoutes } from "./routes/job-retry.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { keyRoutes } from "./routes/keys.ts";
import { mcpHealthRoutes, mcpRoutes } from "./routes/mcp.ts";
import { mcpReloadRoutes } from "./routes/mcp-reload.ts";
import { mcpPromptRoutes } from "./routes/mcp-prompts.ts";
import { mcpResourceRoutes } from "./routes/mcp-resources.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { modelRoutes } from "./routes/models.ts";
import { scheduleRoutes } from "./routes/schedules.ts";
import { submitJobRoutes } from "./routes/submit-job.ts";
import { workerRoutes } from "./routes/workers.ts";

/** What the scope `jobs` opens; `mcp` opens `/mcp`, and any key the rest. */
const JOB_PATHS = ["/jobs/*", "/batches/*", "/schedules/*", "/chat", "/models"];

/** The HTTP API. Every request passes through here from top to bottom. */
export function createApp(dependencies: ApiDependencies) {
  const { config, keyRing, store } = dependencies;
  const app = new Hono<AccessEnvironment>();
  app.onError(createErrorHandler(dependencies.logger));
  app.notFound((c) =>
    problemResponse(c, "route_not_found", {
      detail: `There is no ${c.req.method} ${c.req.path}. GET /docs lists all.`,
    }),
  );

  app.use(discardUnreadBody(dependencies.shutdown));
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
  app.use(loopbackOnly(keyRing));
  app.route("/", healthRoutes(dependencies));
  app.route("/", docsRoutes(app as unknown as Hono));

  app.use(authenticate(keyRing));
  app.use(limitRequests(store));
  for (const path of JOB_PATHS) app.use(path, requireScope("jobs"));
  app.use("/mcp/*", requireScope("mcp"));
  app.route("/", batchUploadRoutes(dependencies));
  app.use(limitBody(config.maxBodyBytes));
  return app
    .route("/", submitJobRoutes(dependencies))
    .route("/", jobRoutes(dependencies))
    .route("/", jobEventRoutes(dependencies))
    .route("/", jobControlRoutes(dependencies))
    .route("/", jobRetryRoutes(dependencies))
    .route("/", batchRoutes(dependencies))
    .route("/", batchResultRoutes(dependencies))
    .route("/", batchEventRoutes(dependencies))
    .route("/", scheduleRoutes(dependencies))
    .route("/", deliveryRoutes(dependencies))
    .route("/", chatRoutes(dependencies))
    .route("/", modelRoutes(dependencies))
    .route("/", mcpRoutes(dependencies))
    .route("/", mcpHealthRoutes(dependencies))
    .route("/", mcpResourceRoutes(dependencies))
    .route("/", mcpPromptRoutes(dependencies))
    .route("/", mcpReloadRoutes(dependencies))
    .route("/", executeToolRoutes(dependencies))
    .route("/", keyRoutes(dependencies))
    .route("/", metricsRoutes(dependencies))
    .route("/", workerRoutes(dependencies));
}
