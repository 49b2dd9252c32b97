const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

export interface Interpolation {
  /** Replaces `${VAR}` and `${VAR:-default}`; as in a shell, the default also stands in for an empty value. */
  text: (template: string) => string;
  record: (templates: Readonly<Record<string, string>>) => Record<string, string>;
  /** Variables that were asked for, are not set, and have no default. */
  readonly missing: ReadonlySet<string>;
  /** Values that came from the environment. */
  readonly values: ReadonlySet<string>;
}

export function createInterpolation(env: Readonly<Record<string, string | undefined>>): Interpolation {
  const missing = new Set<string>();
  const values = new Set<string>();

  const text = (template: string) =>
    template.replaceAll(REFERENCE, (_reference, name: string, fallback: string | undefined) => {
      const value = env[name];
      if (value !== undefined && (value !== "" || fallback === undefined)) {
        values.add(value);
        return value;
      }
      if (fallback === undefined) missing.add(name);
      return fallback ?? "";
    });

  const record = (templates: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(templates).map(([key, template]) => [key, text(template)]));

  return { text, record, missing, values };
}
