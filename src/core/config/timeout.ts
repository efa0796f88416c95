// When a trial is killed, where the configuration does not say.

/** Twice the budget, and a minute for what a start takes. */
export function defaultTimeoutSeconds(budgetSeconds: number): number {
  return 2 * budgetSeconds + 60
}
