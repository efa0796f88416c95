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
  guards,
  progress,
  sandbox: { kind: sandbox },
  outputs,
}: Config): string {
  // Absent when empty, so that the hash is the one of releases without outputs and guards.
  const kept = outputs.length > 0 ? { outputs } : {}
  const guarded = guards.length > 0 ? { guards: guards.map(({ margin: _, ...guard }) => guard) } : {}
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
    ...guarded,
  }
  return createHash('sha256').update(JSON.stringify(meaning)).digest('hex').slice(0, 16)
}
