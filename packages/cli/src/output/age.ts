const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
] as const;

/** How long ago an instant was, in its largest unit: `3 min`. */
export function formatAge(instant: string, now = Date.now()): string {
  return formatSeconds(Math.max(0, (now - Date.parse(instant)) / 1_000));
}

export function formatSeconds(seconds: number): string {
  const [size, unit] = UNITS.find(([each]) => seconds >= each) ?? UNITS[3];
  return `${Math.floor(seconds / size)} ${unit}`;
}
