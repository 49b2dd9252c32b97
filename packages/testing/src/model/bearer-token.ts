import type { IncomingHttpHeaders } from "node:http";

export function bearerToken({ authorization = "" }: IncomingHttpHeaders): string | undefined {
  return /^Bearer (.+)$/i.exec(authorization)?.[1];
}
