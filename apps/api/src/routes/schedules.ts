import { Schedule, ScheduleId, SchedulePage, ScheduleRequest, scheduleLink } from "@millrace/contracts";
import { InvalidTimingError, isScheduleCursor, TooManySchedulesError } from "@millrace/job-store";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import { z } from "zod";
import type { AccessEnvironment, Principal } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { json, problems } from "../http/openapi.ts";
import { pageLimit } from "../http/page-limit.ts";
import { ProblemError } from "../http/problem.ts";
import { jsonBody, queryParameters, requireJson } from "../http/validation.ts";
import { checkWebhook } from "../webhook-check.ts";
import { linkedFor, ownerOf, OwnerQuery } from "./schedule-owner.ts";

const ListQuery = OwnerQuery.extend({
  limit: pageLimit({ max: 200, standard: 50 }),
  cursor: z
    .string()
    .refine(isScheduleCursor, "must be the next_cursor of the page before")
    .optional()
    .describe("The `next_cursor` of the page before."),
});

/** `/schedules`: jobs that are submitted again and again. A schedule is its key's; an admin sees and touches all. */
export function scheduleRoutes(dependencies: ApiDependencies) {
  const { schedules } = dependencies.store;
  return new Hono<AccessEnvironment>()
    .route("/", listRoute(dependencies))
    .get(
      "/schedules/:id",
      describeRoute({
        tags: ["schedules"],
        summary: "Look a schedule up",
        responses: { 200: json("The schedule", Schedule), ...problems(400, 401, 403, 404, 503) },
      }),
      queryParameters(OwnerQuery),
      async (c) => {
        const id = c.req.param("id");
        const principal = c.get("principal");
        const schedule = await schedules.find(ownerOf(principal, c.req.valid("query")), id);
        if (!schedule) throw scheduleNotFound(id);
        return c.json(linkedFor(principal, schedule));
      },
    )
    .delete(
      "/schedules/:id",
      describeRoute({
        tags: ["schedules"],
        summary: "Delete a schedule",
        description: "The jobs that it has already submitted go on.",
        responses: { 204: { description: "Deleted" }, ...problems(400, 401, 403, 404, 413, 503) },
      }),
      queryParameters(OwnerQuery),
      async (c) => {
        const id = c.req.param("id");
        const owner = ownerOf(c.get("principal"), c.req.valid("query"));
        if (!(await schedules.delete(owner, id))) throw scheduleNotFound(id);
        return c.body(null, 204);
      },
    )
    .route("/", putRoute(dependencies))
    .route("/", pauseRoutes(dependencies));
}

function listRoute({ store: { schedules } }: ApiDependencies) {
  return new Hono<AccessEnvironment>().get(
    "/schedules",
    describeRoute({
      tags: ["schedules"],
      summary: "List schedules",
      description:
        "The schedules of this key, in the order of their ids; or of all keys, key by key, for a key with the scope `admin`.",
      responses: {
        200: json("A page of schedules", SchedulePage),
        ...problems(400, 401, 403, 503),
      },
    }),
    queryParameters(ListQuery),
    async (c) => {
      const principal = c.get("principal");
      const query = c.req.valid("query");
      const whose = query.key === undefined ? principal.viewer : ownerOf(principal, query);
      const page = await schedules.list(whose, query);
      return c.json({
        ...page,
        schedules: page.schedules.map((schedule) => linkedFor(principal, schedule)),
      });
    },
  );
}

function putRoute({ store: { schedules }, config }: ApiDependencies) {
  return new Hono<AccessEnvironment>().put(
    "/schedules/:id",
    describeRoute({
      tags: ["schedules"],
      summary: "Create or replace a schedule",
      description:
        "201 with the schedule when it is new, else 200. What the old one had planned does not happen. The same body " +
        "again changes nothing. The server and tool of its job are checked each time that it runs.",
      responses: {
        200: json("The schedule, which was there", Schedule),
        201: json("The new schedule", Schedule, "Location"),
        ...problems(400, 401, 409, 413, 415, 422, 503),
      },
    }),
    // Without `?key=`: a schedule is put by its own key, whose tools are then what its job may use.
    queryParameters(z.strictObject({})),
    requireJson,
    jsonBody(ScheduleRequest),
    async (c) => {
      const { tenant, toolAccess } = c.get("principal");
      const id = c.req.param("id");
      const request = c.req.valid("json");
      checkId(id);
      checkWebhook(config, request.job, "job.webhook");
      const put = schedules.put({ tenant, id, request, toolAccess });
      const { schedule, created } = await put.catch((error: unknown) => {
        throw asProblem(error);
      });
      return created ? c.json(schedule, 201, { location: scheduleLink(id) }) : c.json(schedule, 200);
    },
  );
}

function pauseRoutes({ store }: ApiDependencies) {
  const set = async (principal: Principal, query: OwnerQuery, id: string, paused: boolean) => {
    const schedule = await store.schedules.setPaused(ownerOf(principal, query), id, paused);
    if (!schedule) throw scheduleNotFound(id);
    return linkedFor(principal, schedule);
  };
  return new Hono<AccessEnvironment>()
    .post(
      "/schedules/:id/pause",
      describeRoute({
        tags: ["schedules"],
        summary: "Pause a schedule",
        description:
          "Times that come while it is paused are left out. The jobs that it has already submitted go on.",
        responses: { 200: json("The schedule", Schedule), ...problems(400, 401, 403, 404, 413, 503) },
      }),
      queryParameters(OwnerQuery),
      async (c) => c.json(await set(c.get("principal"), c.req.valid("query"), c.req.param("id"), true)),
    )
    .post(
      "/schedules/:id/resume",
      describeRoute({
        tags: ["schedules"],
        summary: "Resume a schedule",
        description: "It goes on with the next time.",
        responses: { 200: json("The schedule", Schedule), ...problems(400, 401, 403, 404, 413, 503) },
      }),
      queryParameters(OwnerQuery),
      async (c) => c.json(await set(c.get("principal"), c.req.valid("query"), c.req.param("id"), false)),
    );
}

function checkId(id: string): void {
  const { success, error } = ScheduleId.safeParse(id);
  if (success) return;
  const message = error.issues[0]?.message ?? "";
  throw new ProblemError("invalid_request", {
    detail: `A schedule's id ${message}.`,
    errors: [{ path: "id", message }],
  });
}

function scheduleNotFound(id: string): ProblemError {
  return new ProblemError("schedule_not_found", {
    detail: `There is no schedule ${id.slice(0, 64)} for this key. GET /schedules lists them.`,
  });
}

function asProblem(error: unknown): unknown {
  if (error instanceof InvalidTimingError) {
    const { field: path, message } = error;
    return new ProblemError("invalid_request", {
      detail: `The schedule cannot run: ${path} ${message}`,
      errors: [{ path, message }],
    });
  }
  if (error instanceof TooManySchedulesError) {
    return new ProblemError("too_many_schedules", { detail: `${error.message}. Delete one of them first.` });
  }
  return error;
}
