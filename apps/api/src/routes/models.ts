import { ModelList, type Model, type ModelSettings } from "@millrace/contracts";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { json, problems } from "../http/openapi.ts";

/** `GET /models`. */
export function modelRoutes({ models }: ApiDependencies) {
  return new Hono<AccessEnvironment>().get(
    "/models",
    describeRoute({
      tags: ["chat"],
      summary: "List the models that a chat job may name",
      responses: { 200: json("The models", ModelList), ...problems(401, 503) },
    }),
    (c) => c.json({ models: models.models.map((model) => modelView(model, model === models.default)) }),
  );
}

function modelView({ price, ...model }: ModelSettings, isDefault: boolean): Model {
  return {
    alias: model.alias,
    provider: model.provider,
    model: model.model,
    is_default: isDefault,
    configured: model.isConfigured,
    context_tokens: model.contextTokens,
    max_output_tokens: model.maxOutputTokens,
    price_per_million_tokens: price && {
      input: price.input,
      output: price.output,
      cache_read: price.cacheRead,
      cache_write: price.cacheWrite,
    },
  };
}
