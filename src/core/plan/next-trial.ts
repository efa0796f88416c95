// Which run of a tree comes next, and with which seed.
import { baselineTrials, type Conditions, noiseSigma } from '../judge/evidence.ts'
import { type Candidate, isAa } from '../record/candidate.ts'
import { type BaselineCommit, oncePerState, type State } from '../record/state.ts'
import type { Trial } from '../record/trial.ts'
import { isJudgeTrial, JUDGE, trialId, trialSeed } from '../trial/protocol.ts'
import { mayShareSeed, seedToShare } from '../trial/shared-seed.ts'

/** The run of a candidate whose change was replayed on `base` as `head`. */
export function firstTrial(
  state: State,
  conditions: Conditions,
  candidate: Candidate,
  { base, head, tree }: { base: BaselineCommit; head: string; tree: string },
): Trial {
  const trial = nextTrial(state, candidate.id, { base: base.commit, head, tree })
  return shareSeed(state, conditions, candidate, trial, base)
}

/** Gives the first run of searched constants a seed of the baseline, see trial/shared-seed.ts. */
export function shareSeed(
  state: State,
  conditions: Conditions,
  candidate: Candidate,
  trial: Trial,
  base: BaselineCommit | undefined,
): Trial {
  if (trial.replicate !== 1 || !mayShareSeed(candidate)) return trial
  const sigma = noiseSigma(state, conditions)
  const seed = base && seedToShare(baselineTrials(state, conditions, base.tree), sigma)
  return seed === undefined ? trial : { ...trial, seed }
}

/** The next run of a tree for the judge. @param ahead runs that are planned or under way before it */
export function nextTrial(
  state: State,
  candidate: string | null,
  { base, head, tree }: { base: string; head: string; tree: string },
  ahead = 0,
): Trial {
  const replicate = nextReplicate(state, tree) + ahead
  const id = trialId(tree, replicate)
  const seed = trialSeed(state.rootSeed, tree, replicate)
  const known = candidate === null ? undefined : state.candidates.get(candidate)
  const aa = known && isAa(known) && ({ aa: true } as const)
  return { id, candidate, base, head, tree, replicate, seed, protocol: JUDGE, ...aa }
}

/** The number of the next run of a tree for the judge, from 1. */
export function nextReplicate(state: State, tree: string): number {
  const archived = state.archive.replicates[tree]?.judge ?? 0
  return Math.max(archived, lastReplicates(state).get(tree) ?? 0) + 1
}

/** The number of the last run of each tree. States never change, so it stays valid as long as its state exists. */
const lastReplicates = oncePerState((state) => {
  const last = new Map<string, number>()
  for (const { trial } of state.trials.values())
    if (isJudgeTrial(trial)) last.set(trial.tree, Math.max(last.get(trial.tree) ?? 0, trial.replicate))
  return last
})
