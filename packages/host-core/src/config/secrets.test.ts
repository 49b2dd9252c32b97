import { expect, test } from "vitest";
import { collectSecrets, redact } from "./secrets.ts";

test("[host.secrets.redacted] values of variables, env, headers and URLs are hidden, in any spelling", () => {
  const stdio = collectSecrets(
    { type: "stdio", command: "x", args: [], env: { TOKEN: "abc/def+1", PEM: "first-line\nsecond-line" } },
    null,
    ["from-a-variable"],
  );
  expect(redact("abc/def+1 abc%2Fdef%2B1 second-line from-a-variable", stdio)).toBe(
    "[redacted] [redacted] [redacted] [redacted]",
  );
  const remote = collectSecrets(
    {
      type: "http",
      url: "https://user:pass%21word@host/mcp?api_key=sesame1",
      headers: { authorization: "Bearer tok-en-1" },
    },
    null,
    [],
  );
  expect(redact("tok-en-1, sesame1, pass!word, pass%21word", remote)).toBe(
    "[redacted], [redacted], [redacted], [redacted]",
  );
});

test("[host.secrets.redacted] short values are left, and a longer secret goes before one inside it", () => {
  const secrets = collectSecrets({ type: "stdio", command: "x", args: [], env: { PORT: "8080" } }, null, [
    "secret",
    "secret-and-more",
  ]);
  expect(redact("8080 secret-and-more", secrets)).toBe("8080 [redacted]");
});

test("[host.secrets.redacted] auth is hidden: a token, a secret also as HTTP Basic sends it, a key line by line", () => {
  const transport = { type: "http", url: "https://u:%zz-broken@host", headers: {} } as const;
  const bearer = collectSecrets(transport, { type: "bearer", token: "tok-en-12" }, []);
  expect(redact("tok-en-12 %zz-broken", bearer)).toBe("[redacted] [redacted]");
  const client = { type: "client_credentials", clientId: "me", signingAlgorithm: null, scope: null } as const;
  const secret = collectSecrets(transport, { ...client, clientSecret: "p w/d-123", privateKey: null }, []);
  const basic = Buffer.from("me:p+w%2Fd-123").toString("base64");
  expect(redact(`p w/d-123 Basic ${basic}`, secret)).toBe("[redacted] Basic [redacted]");
  const key = collectSecrets(
    transport,
    { ...client, clientSecret: null, privateKey: "BEGIN\nabcdef\nEND" },
    [],
  );
  expect(redact("a line of it: abcdef", key)).toBe("a line of it: [redacted]");
});
