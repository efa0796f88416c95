// Adds candidates and runs that are archived to what is kept of earlier ones.

import { mean } from '../statistics/noise.ts'
import type { Archive, CategoryTally, KeptCandidate } from './archive.ts'
import { type Candidate, type Category, isAa, isIdea, revertedMerge } from './candidate.ts'
import type { State } from './known.ts'
import { failedToRun, statusOf } from './status.ts'
import { measuredValues, type TrialResult } from './trial.ts'

/** Ideas per category that are kept for their gain. */
const MAX_BEST = 4
const MAX_REJECTIONS = 8

/**
 * @param candidates in the order they were proposed
 * @param runs those that are archived, in the order of the ledger
 */
export function addToArchive(
  state: State,
  candidates: readonly Candidate[],
  runs: readonly TrialResult[],
): Archive {
  const { archive } = state
  const ideas = candidates.filter(isIdea)
  return {
    ...archive,
    candidates: archive.candidates + candidates.length,
    ideas: archive.ideas + ideas.length,
    trials: archive.trials + runs.length,
    deviceMilliseconds: archive.deviceMilliseconds + millisecondsOf(runs),
    statuses: countStatuses(archive.statuses, candidates),
    categories: tallyCategories(archive.categories, ideas),
    aa: tallyAa(archive.aa, candidates),
    kept: [...archive.kept, ...keptOf(state, candidates)],
    best: bestOf([...archive.best, ...ideas.filter(({ end }) => end?.kind !== 'merged').map(shortened)]),
    rejections: [...archive.rejections, ...candidates.flatMap(rejectionOf)].slice(-MAX_REJECTIONS),
    replicates: lastReplicates(state, runs),
  }
}

function millisecondsOf(runs: readonly TrialResult[]): number {
  return runs.reduce((sum, { deviceSeconds }) => sum + Math.round(1000 * deviceSeconds), 0)
}

function countStatuses(before: Archive['statuses'], candidates: readonly Candidate[]): Archive['statuses'] {
  const counts = { ...before }
  for (const candidate of candidates) {
    const status = statusOf(candidate)
    counts[status] = (counts[status] ?? 0) + 1
  }
  return counts
}

function tallyCategories(before: Archive['categories'], ideas: readonly Candidate[]): Archive['categories'] {
  const tallies: Partial<Record<Category, CategoryTally>> = { ...before }
  for (const idea of ideas) {
    const { tried, failed } = tallies[idea.category] ?? { tried: 0, failed: 0 }
    tallies[idea.category] = { tried: tried + 1, failed: failed + Number(failedToRun(idea)) }
  }
  return tallies
}

function tallyAa(before: Archive['aa'], candidates: readonly Candidate[]): Archive['aa'] {
  const tally = { ...before }
  for (const candidate of candidates) {
    const aa = isAa(candidate)
    if (aa) tally.candidatesSince = 0
    else if (revertedMerge(candidate) === undefined) tally.candidatesSince += 1
    tally.total += Number(aa)
    tally.judged += Number(aa && candidate.verdict !== undefined)
    tally.accepted += Number(aa && candidate.verdict?.kind === 'merge')
  }
  return tally
}

/** The merges and reverts among these candidates. */
function keptOf(state: State, candidates: readonly Candidate[]): KeptCandidate[] {
  const byTree = Map.groupBy(state.trials.values(), ({ trial }) => trial.tree)
  return candidates.flatMap((candidate, index) => {
    if (candidate.end?.kind !== 'merged' && revertedMerge(candidate) === undefined) return []
    const position = state.archive.candidates + index + 1
    return [keptCandidate(candidate, byTree.get(candidate.tree) ?? [], position)]
  })
}

function keptCandidate(candidate: Candidate, runs: readonly TrialResult[], position: number): KeptCandidate {
  const own = runs.filter(({ trial }) => trial.candidate === candidate.id)
  const last = runs.at(-1)
  const comparable = runs.filter(
    ({ config, testbed, trial }) =>
      config === last?.config && testbed === last.testbed && trial.protocol.purpose === 'judge',
  )
  const values = measuredValues(comparable)
  const value = meanOf(values)
  // The first run of a candidate is left out: it was selected for being good.
  const level = meanOf(
    measuredValues(comparable.filter(({ trial }, place) => place > 0 || trial.candidate === null)),
  )
  return {
    candidate: shortened(candidate),
    position,
    runs: values.length,
    ...(value !== undefined && { value }),
    ...(candidate.end?.kind === 'merged' && level !== undefined && { level }),
    deviceSeconds: own.reduce((sum, { deviceSeconds }) => sum + deviceSeconds, 0),
  }
}

function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : mean(values)
}

/** The candidate without its longest texts. */
function shortened({ sketch: _, ...candidate }: Candidate): Candidate {
  return { ...candidate, hypothesis: '', expectedEffect: '' }
}

/** The ideas with the largest gains of each category, in their order. */
function bestOf(ideas: readonly Candidate[]): Candidate[] {
  const gain = ({ verdict }: Candidate) => verdict?.gain ?? 0
  const measured = ideas.filter(({ verdict }) => verdict?.gain !== undefined)
  const best = [...Map.groupBy(measured, ({ category }) => category).values()].flatMap((alike) =>
    alike.toSorted((a, b) => gain(b) - gain(a)).slice(0, MAX_BEST),
  )
  const kept = new Set(best)
  return measured.filter((idea) => kept.has(idea))
}

function rejectionOf({ title, end }: Candidate): { title: string; words: string }[] {
  return end?.kind === 'withdrawn' && end.words ? [{ title, words: end.words.text }] : []
}

/** Trees that were a baseline may be one again, and their replicates go on counting. */
function lastReplicates(state: State, runs: readonly TrialResult[]): Archive['replicates'] {
  const trees = new Set(state.baselines.map(({ tree }) => tree))
  const last = { ...state.archive.replicates }
  for (const { trial } of runs) {
    const { tree, replicate, protocol } = trial
    if (!trees.has(tree)) continue
    const known = last[tree] ?? { judge: 0, certify: 0 }
    last[tree] = { ...known, [protocol.purpose]: Math.max(known[protocol.purpose], replicate) }
  }
  return last
}
