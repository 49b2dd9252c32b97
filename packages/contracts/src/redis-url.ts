import { z } from "zod";
import { hasReadableCredentials } from "./percent-encoding.ts";

const ADDRESS = /^rediss?(\+cluster)?:\/\/([^@]*@)?([^]*)$/;

/** Where Redis is. What is wrong with it is told without the value, which may hold a password. */
export const RedisUrl = z
  .string({ error: "is required: redis://host:port of a Redis 7 or Valkey, or use `npm start`" })
  .regex(ADDRESS, {
    abort: true,
    error:
      "must begin with redis:// or rediss://, or for a Cluster with redis+cluster:// or rediss+cluster://",
  })
  .refine(
    isReadable,
    "must be a URL with a host: percent-encode special characters of the user name and the password (/ is %2F, # is %23, @ is %40, % is %25)",
  );

/** Whether the address, of a Cluster each of its nodes, is a URL whose credentials can be decoded. */
function isReadable(text: string): boolean {
  const [, cluster, credentials = "", hosts = ""] = ADDRESS.exec(text) ?? [];
  if (cluster === undefined) return isUrl(`redis://${credentials}${hosts}`);
  return hosts.split(",").every((host) => !host.includes("@") && isUrl(`redis://${credentials}${host}`));
}

function isUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.hostname !== "" && hasReadableCredentials(url);
}
