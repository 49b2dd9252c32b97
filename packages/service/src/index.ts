export { readConfig } from "./read-config.ts";
export { readConfigFile } from "./read-config-file.ts";
export { readModels, type ModelsFile } from "./read-models.ts";
export { onStopSignals } from "./stop-signals.ts";
export { fileVersion, watchFile } from "./watch-file.ts";
export { webhookSecret } from "./webhook-secret.ts";
