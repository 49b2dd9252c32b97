export { startModelServer, type ModelServer, type ModelServerOptions } from "./model-server.ts";
export { readModelScript, type CompleteModelScript } from "./read-script.ts";
export type { RecordedRequest } from "./request-records.ts";
export { ModelScript, ScriptedAnswer } from "./script.ts";
