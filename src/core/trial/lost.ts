// Trials that were begun and never brought a result that counts: their machine ended, or what it sent was refused. One loss
// is bad luck and the trial is run again; a candidate whose run is lost time after time is given up.
import type { State } from '../record/state.ts'

/** Workflow runs in which the same trial may be lost. */
const MAX_LOSSES = 3

/** What a round handed out and did not get back, as ids of trials. */
interface Missing {
  missing: readonly string[]
  /** Those that are to blame for it themselves. */
  lost: readonly string[]
}

/**
 * What did not come back of a round, once all its jobs have ended. When nothing at all came back it may be their machines:
 * then none of several is to blame, nor one that was alone when others were lost before it.
 *
 * @param planned ids of what was still to be trained when the results were read
 */
export function missingInRound(state: State, run: string, planned: ReadonlySet<string>): Missing {
  const { trials = [] } = state.assigned.get(run) ?? {}
  const missing = trials.filter((id) => planned.has(id) && !state.trials.has(id))
  const cameBack = trials.some((id) => state.trials.has(id))
  const isAlone = new Set([...missing, ...state.lostSince].map(codeOf)).size === 1
  return { missing, lost: cameBack || isAlone ? missing : [] }
}

/**
 * Trials during which earlier jobs that train themselves, `run` and `certify`, ended without a word, by workflow run. Each
 * holds one trial at a time. What `propose` hands out to other jobs is missed by `judge` instead, see `missingInRound`.
 */
export function lostOnMachine(state: State): { run: string; trials: string[] }[] {
  return [...state.assigned].flatMap(([run, { command, trials }]) => {
    const missing = trials.filter((id) => !state.trials.has(id) && !state.losses.get(id)?.has(run))
    return command !== 'propose' && missing.length > 0 ? [{ run, trials: missing }] : []
  })
}

/** Why a trial is not begun once more; undefined while it may be. */
export function explainLoss(state: State, trial: string): string | undefined {
  const losses = state.losses.get(trial)?.size ?? 0
  if (losses < MAX_LOSSES) return undefined
  return `lost: it was begun ${losses} times, and no result that counts came back`
}

/** The part of a trial's id that is of its code, see `trialId`. */
function codeOf(id: string): string | undefined {
  return id.split('-')[0]
}
