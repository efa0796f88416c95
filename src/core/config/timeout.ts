// The default timeout of a trial.

/** Twice the budget, plus a minute for starting, in seconds. */
export function defaultTimeoutSeconds(budgetSeconds: number): number {
  return 2 * budgetSeconds + 60
}
