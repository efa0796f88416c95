// What to train while GitHub is asked: the next candidates on the code that is about to be the baseline. Runs count by their tree,
// so they hold for the candidate once it was replayed on the merge itself, whose tree is the same.
import type { Conditions } from '../judge/evidence.ts'
import { type Candidate, isAa, revertedMerge } from '../record/candidate.ts'
import { type BaselineCommit, openCandidates, type State } from '../record/state.ts'
import { isToBeMerged } from '../record/status.ts'
import type { Trial } from '../record/trial.ts'
import { findBaselineFailure, hasMeasured } from './broken-baseline.ts'
import { byExpectedGain, nextMerge } from './merging.ts'
import { firstTrial } from './next-trial.ts'

/** A candidate's change on other code than the ledger knows; no branch points to it. */
export interface ReplayedAhead {
  /** The candidate's commit that was replayed, and the commit on which. */
  from: string
  onto: string
  /** The result; absent when the change conflicts. */
  made?: { commit: string; tree: string }
}

/** By candidate. */
export type Replays = ReadonlyMap<string, ReplayedAhead>

/** The code that new runs should be about: that of the winner which is merged next, or else the baseline's. */
export function comingBaseline(state: State): BaselineCommit | undefined {
  const winner = nextMerge(state)
  return winner ? { commit: winner.head, tree: winner.tree } : state.baseline
}

/** The candidates that have to be replayed there, those that promise most first. */
export function followers(state: State): Candidate[] {
  const onto = comingBaseline(state)
  const tested = new Set([...state.trials.values()].map(({ trial }) => trial.tree))
  return openCandidates(state)
    .filter(
      (candidate) =>
        candidate.base !== onto?.commit &&
        candidate.head !== onto?.commit &&
        !isAa(candidate) &&
        revertedMerge(candidate) === undefined &&
        (candidate.verdict === undefined || isToBeMerged(candidate)),
    )
    .toSorted((a, b) => byExpectedGain(a, b) || Number(tested.has(b.tree)) - Number(tested.has(a.tree)))
}

/** The first of them that was not replayed yet. */
export function nextToReplay(state: State, replays: Replays): Candidate | undefined {
  return followers(state).find((candidate) => !replayOf(state, replays, candidate))
}

/** One run of each that was replayed, unless it has one: whether more are worth their time is decided on the new baseline. */
export function planAhead(
  state: State,
  conditions: Conditions,
  replays: Replays,
  running: readonly Trial[] = [],
): Trial[] {
  const onto = comingBaseline(state)
  if (!onto || !hasMeasured(state, conditions) || findBaselineFailure(state, conditions)) return []
  const tested = new Set(
    [...state.trials.values(), ...running.map((trial) => ({ trial }))].map(({ trial }) => trial.tree),
  )
  return followers(state).flatMap((candidate) => {
    const made = replayOf(state, replays, candidate)?.made
    const isRunning = running.some((trial) => trial.candidate === candidate.id)
    if (!made || isRunning || tested.has(made.tree) || made.tree === onto.tree) return []
    const { commit: head, tree } = made
    return [firstTrial(state, conditions, candidate, { base: onto, head, tree })]
  })
}

function replayOf(state: State, replays: Replays, { id, head }: Candidate): ReplayedAhead | undefined {
  const replay = replays.get(id)
  return replay?.from === head && replay.onto === comingBaseline(state)?.commit ? replay : undefined
}
