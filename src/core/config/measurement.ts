// The settings that two measured numbers must share to be comparable.
import { createHash } from 'node:crypto'
import type { Config } from './config.ts'

/** Hash of all settings that affect the meaning of a measured number: 16 hex digits. */
export function measurementHash({
  setup,
  train,
  evaluate,
  serve,
  budgetSeconds,
  timeoutSeconds,
  // It changes how values are judged, not the values.
  metric: { deterministic: _, ...metric },
  progress,
  sandbox: { kind: sandbox },
  outputs,
}: Config): string {
  // Absent when empty, so that the hash is the one of releases without outputs.
  const kept = outputs.length > 0 ? { outputs } : {}
  const meaning = {
    setup,
    train,
    evaluate,
    // Absent from the JSON where there is none.
    serve,
    budgetSeconds,
    timeoutSeconds,
    metric,
    progress,
    sandbox,
    ...kept,
  }
  return createHash('sha256').update(JSON.stringify(meaning)).digest('hex').slice(0, 16)
}
