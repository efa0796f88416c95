// Numeric integration: slow, plain, and independent of the formulas it is held against.

/** By Simpson's rule. */
export function integrate(f: (x: number) => number, low: number, high: number, steps = 4000): number {
  const width = (high - low) / steps
  let sum = f(low) + f(high)
  for (let step = 1; step < steps; step++) sum += f(low + step * width) * (step % 2 === 1 ? 4 : 2)
  return (sum * width) / 3
}
