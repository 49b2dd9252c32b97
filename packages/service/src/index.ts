export { readModels, type ModelsFile } from "./read-models.ts";
export { onStopSignals } from "./stop-signals.ts";
