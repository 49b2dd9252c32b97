import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Beside the data of the embedded Redis, so that a receiver's secret survives a restart. */
const SECRET_FILE = ".millrace/webhook-secret";

const SECRET_BYTES = 32;

/** This machine, whose own programs are the only ones that may submit jobs while there are no keys. */
const OWN_HOSTS = "127.0.0.1,localhost";

/** What webhooks need and nobody has set: a secret of this folder's, and leave to reach this machine. */
export async function webhookEnvironment(
  environment: NodeJS.ProcessEnv,
  { needsKey }: { needsKey: boolean },
): Promise<Record<string, string>> {
  const { WEBHOOK_SECRET: secret, WEBHOOK_ALLOW_HOSTS: hosts } = environment;
  return {
    ...(secret ? {} : { WEBHOOK_SECRET: await ownSecret() }),
    ...(hosts || needsKey ? {} : { WEBHOOK_ALLOW_HOSTS: OWN_HOSTS }),
  };
}

async function ownSecret(): Promise<string> {
  await mkdir(dirname(SECRET_FILE), { recursive: true });
  try {
    await writeFile(SECRET_FILE, randomBytes(SECRET_BYTES).toString("hex"), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return await readFile(SECRET_FILE, "utf8");
}
