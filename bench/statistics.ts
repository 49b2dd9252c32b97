/** The value below which the given share (0 to 1) of an ascending list lies; NaN when the list is empty. */
export function quantile(ascending: ArrayLike<number>, share: number): number {
  const position = Math.ceil(share * ascending.length) - 1;
  return ascending[Math.max(0, position)] ?? Number.NaN;
}

export interface Spread {
  min: number;
  median: number;
  max: number;
}

export function spread(values: readonly number[]): Spread {
  const ascending = values.toSorted((a, b) => a - b);
  const upper = quantile(ascending, 1);
  const middle = ascending.length / 2;
  const median = ((ascending[Math.ceil(middle) - 1] ?? upper) + (ascending[Math.floor(middle)] ?? upper)) / 2;
  return { min: quantile(ascending, 0), median, max: upper };
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
