// The configuration at a larger scale: other commands, budgets and guards, all else as at the first.
import type { Config } from './config.ts'

/** Undefined when the configuration has no larger scale of this name. */
export function configAt(config: Config, scale: string): Config | undefined {
  const found = config.ladder?.larger.find(({ name }) => name === scale)
  if (!found) return undefined
  const { train, budgetSeconds, timeoutSeconds, guards } = found
  return { ...config, train, budgetSeconds, timeoutSeconds, guards }
}
