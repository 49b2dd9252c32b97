import { Schedule, ScheduleId, ScheduleList, ScheduleRequest, scheduleLink } from "@millrace/contracts";
import { InvalidTimingError, TooManySchedulesError } from "@millrace/job-store";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/authenticate.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { json, problems } from "../http/openapi.ts";
import { ProblemError } from "../http/problem.ts";
import { jsonBody, requireJson } from "../http/validation.ts";
import { checkWebhook } from "../webhook-check.ts";

/** `/schedules`: jobs that are submitted again and again. A schedule is its key's alone, whatever the other's scope. */
export function scheduleRoutes(dependencies: ApiDependencies) {
  const { schedules } = dependencies.store;
  return new Hono<AccessEnvironment>()
    .get(
      "/schedules",
      describeRoute({
        tags: ["schedules"],
        summary: "List the schedules of this key",
        responses: {
          200: json("The schedules, in the order of their ids", ScheduleList),
          ...problems(401, 503),
        },
      }),
      async (c) => c.json({ schedules: await schedules.list(c.get("principal").tenant) }),
    )
    .get(
      "/schedules/:id",
      describeRoute({
        tags: ["schedules"],
        summary: "Look a schedule up",
        responses: { 200: json("The schedule", Schedule), ...problems(401, 404, 503) },
      }),
      async (c) => {
        const id = c.req.param("id");
        const schedule = await schedules.find(c.get("principal").tenant, id);
        if (!schedule) throw scheduleNotFound(id);
        return c.json(schedule);
      },
    )
    .delete(
      "/schedules/:id",
      describeRoute({
        tags: ["schedules"],
        summary: "Delete a schedule",
        description: "Jobs that it has submitted go on.",
        responses: { 204: { description: "It is gone" }, ...problems(401, 404, 503) },
      }),
      async (c) => {
        const id = c.req.param("id");
        if (!(await schedules.delete(c.get("principal").tenant, id))) throw scheduleNotFound(id);
        return c.body(null, 204);
      },
    )
    .route("/", putRoute(dependencies))
    .route("/", pauseRoutes(dependencies));
}

function putRoute({ store: { schedules }, config }: ApiDependencies) {
  return new Hono<AccessEnvironment>().put(
    "/schedules/:id",
    describeRoute({
      tags: ["schedules"],
      summary: "Make or replace a schedule",
      description:
        "201 and the schedule when it is new, else 200. What the old one had planned does not happen. The same body " +
        "again changes nothing. Server and tool of its job are judged each time that it runs.",
      responses: {
        200: json("The schedule, which was there", Schedule),
        201: json("The new schedule", Schedule),
        ...problems(400, 401, 409, 413, 415, 422, 503),
      },
    }),
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
  const set = async (tenant: string, id: string, paused: boolean): Promise<Schedule> => {
    const schedule = await store.schedules.setPaused(tenant, id, paused);
    if (!schedule) throw scheduleNotFound(id);
    return schedule;
  };
  return new Hono<AccessEnvironment>()
    .post(
      "/schedules/:id/pause",
      describeRoute({
        tags: ["schedules"],
        summary: "Pause a schedule",
        description: "Times that come while it is paused are left out. Jobs that it has submitted go on.",
        responses: { 200: json("The schedule", Schedule), ...problems(401, 404, 503) },
      }),
      async (c) => c.json(await set(c.get("principal").tenant, c.req.param("id"), true)),
    )
    .post(
      "/schedules/:id/resume",
      describeRoute({
        tags: ["schedules"],
        summary: "Resume a schedule",
        description: "It goes on with the next time that comes.",
        responses: { 200: json("The schedule", Schedule), ...problems(401, 404, 503) },
      }),
      async (c) => c.json(await set(c.get("principal").tenant, c.req.param("id"), false)),
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
