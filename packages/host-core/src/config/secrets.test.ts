import { expect, test } from "vitest";
import { collectSecrets, redact } from "./secrets.ts";

test("[host.secrets.redacted] values of variables, env, headers and URLs are hidden, in any spelling", () => {
  const stdio = collectSecrets(
    { type: "stdio", command: "x", args: [], env: { TOKEN: "abc/def+1", PEM: "first-line\nsecond-line" } },
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
    [],
  );
  expect(redact("tok-en-1, sesame1, pass!word, pass%21word", remote)).toBe(
    "[redacted], [redacted], [redacted], [redacted]",
  );
});

test("[host.secrets.redacted] short values are left, and a longer secret goes before one inside it", () => {
  const secrets = collectSecrets({ type: "stdio", command: "x", args: [], env: { PORT: "8080" } }, [
    "secret",
    "secret-and-more",
  ]);
  expect(redact("8080 secret-and-more", secrets)).toBe("8080 [redacted]");
});
