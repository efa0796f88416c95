// What a measured number means: the settings that two numbers must share to be compared.
import { createHash } from 'node:crypto'
import type { Config } from './config.ts'

/** Hash of everything in the configuration that changes what a number means. */
export function measurementHash({
  setup,
  train,
  evaluate,
  budgetSeconds,
  timeoutSeconds,
  metric,
  progress,
  sandbox: { kind: sandbox },
}: Config): string {
  const meaning = { setup, train, evaluate, budgetSeconds, timeoutSeconds, metric, progress, sandbox }
  return createHash('sha256').update(JSON.stringify(meaning)).digest('hex').slice(0, 16)
}
