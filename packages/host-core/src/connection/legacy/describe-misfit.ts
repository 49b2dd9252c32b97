/** What is wrong with an answer that does not fit one of the SDK's schemas, in one line; null for another error. */
export function describeMisfit(error: unknown): string | null {
  if (!(error instanceof Error) || !("issues" in error) || !Array.isArray(error.issues)) return null;
  const issues = error.issues as { path: PropertyKey[]; message: string }[];
  return issues.map(({ path, message }) => [...path.map(String), message].join(": ")).join("; ");
}
