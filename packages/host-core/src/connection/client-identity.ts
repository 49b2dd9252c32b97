import packageJson from "../../package.json" with { type: "json" };

/** What we call ourselves in a handshake, whichever protocol it is of. */
export const CLIENT_IDENTITY = { name: "millrace", version: packageJson.version };
