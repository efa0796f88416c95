// Lost trials: they started but returned no valid result, because the machine ended or the result was refused. A lost trial
// is run again; a candidate is rejected when the same trial is lost repeatedly.
import type { State } from '../record/state.ts'

/** Number of workflow runs after which a lost trial is not run again. */
const MAX_LOSSES = 3

/** Assigned trials of a round that returned no result, by id. */
interface Missing {
  missing: readonly string[]
  /** The missing trials that count as lost: their own code is to blame. */
  lost: readonly string[]
}

/**
 * The trials of a round that returned no result after all its jobs have ended. If nothing returned, the machines may be at
 * fault: then a trial is blamed only if one commit was outstanding and no other was lost since.
 *
 * @param run id of the workflow run
 * @param planned ids of the trials that were still needed when the results were read
 */
export function missingInRound(state: State, run: string, planned: ReadonlySet<string>): Missing {
  const { trials = [] } = state.assigned.get(run) ?? {}
  const missing = trials.filter((id) => planned.has(id) && !state.trials.has(id))
  const cameBack = trials.some((id) => state.trials.has(id))
  const isAlone = new Set([...missing, ...state.lostSince].map(codeOf)).size === 1
  return { missing, lost: cameBack || isAlone ? missing : [] }
}

/**
 * Trials that were running when an earlier `run` or `certify` job ended without a result, by workflow run. Trials that `propose` assigns to other jobs are handled by `judge`, see `missingInRound`.
 */
export function lostOnMachine(state: State): { run: string; trials: string[] }[] {
  return [...state.assigned].flatMap(([run, { command, trials }]) => {
    const missing = trials.filter((id) => !state.trials.has(id) && !state.losses.get(id)?.has(run))
    return command !== 'propose' && missing.length > 0 ? [{ run, trials: missing }] : []
  })
}

/** Why a trial is not run again, as part of a sentence; undefined while it may be. */
export function explainLoss(state: State, trial: string): string | undefined {
  const losses = state.losses.get(trial)?.size ?? 0
  if (losses < MAX_LOSSES) return undefined
  return `lost: it started ${losses} times and never returned a valid result`
}

/** The part of a trial's id that identifies its code, see `trialId`. */
function codeOf(id: string): string | undefined {
  return id.split('-')[0]
}
