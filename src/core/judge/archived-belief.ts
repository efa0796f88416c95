// What is believed because of candidates that are about to be archived, in the form in which it is kept.
import type { ArchivedBelief } from '../record/archive.ts'
import type { Archived } from '../record/archiving.ts'
import { isIdea } from '../record/candidate.ts'
import type { State } from '../record/state.ts'
import { measuredValues } from '../record/trial.ts'
import {
  type BaselinePeriod,
  believe,
  type CarriedBelief,
  endPeriod,
  type FrozenBelief,
  freeze,
} from '../statistics/belief.ts'
import { mean, newestRepeated } from '../statistics/noise.ts'
import { usualSecondsOf } from './counted-runs.ts'
import { creditsOf } from './credits.ts'
import { becameBaseline, periodsBetween, type Start, startOf } from './periods.ts'
import {
  type Conditions,
  mostBaselineRuns,
  noiseUnder,
  repeatedValues,
  runsUnder,
  unselectedRuns,
} from './runs.ts'

/** One belief for each configuration and testbed of the record, and each number. */
export function beliefsToArchive(
  state: State,
  numbers: readonly Pick<Conditions, 'direction' | 'guard'>[],
  archived: Archived,
): ArchivedBelief[] {
  return conditionsOf(state).flatMap(({ config, testbed }) =>
    numbers
      .map((number) => ({ ...number, config, testbed: testbed ?? undefined }))
      .filter((conditions) => conditions.guard === undefined || isMeasured(state, conditions))
      .map((conditions) => beliefToArchive(state, conditions, testbed, archived)),
  )
}

/** False for a guard that came later than this configuration. */
function isMeasured(state: State, conditions: Conditions): boolean {
  const { all, archived } = runsUnder(state, conditions)
  return archived !== undefined || measuredValues(all).length > 0
}

/** Every configuration and testbed; testbed null where a configuration has several. */
function conditionsOf(state: State): { config: string; testbed: string | null }[] {
  const testbeds = new Map<string, Set<string | null>>()
  const known = [...state.archive.beliefs, ...state.trials.values()]
  for (const { config, testbed } of known)
    testbeds.set(config, (testbeds.get(config) ?? new Set()).add(testbed))
  return [...testbeds].flatMap(([config, found]) => {
    const all = found.size > 1 ? new Set([...found, null]) : found
    return [...all].map((testbed) => ({ config, testbed }))
  })
}

function beliefToArchive(
  state: State,
  conditions: Conditions,
  testbed: string | null,
  archived: Archived,
): ArchivedBelief {
  const { archived: before } = runsUnder(state, conditions)
  const first = before?.first ?? firstBaseline(state, conditions, archived)
  const { config, direction, guard } = conditions
  return {
    ...{ config, testbed, direction },
    ...(guard !== undefined && { guard }),
    repeated: newestRepeated(repeatedValues(runsUnder(state, conditions), archived.isArchivedTree)),
    ...(first && { first }),
    mostRuns: mostBaselineRuns(state, conditions),
    ...periodToArchive(state, conditions, archived),
  }
}

function firstBaseline(
  state: State,
  conditions: Conditions,
  { isArchivedTree }: Archived,
): ArchivedBelief['first'] {
  const { judged } = runsUnder(state, conditions)
  const measured = state.baselines.find(({ tree }) => unselectedRuns(judged.get(tree) ?? []).length > 0)
  if (!measured || !isArchivedTree(measured.tree)) return undefined
  const runs = unselectedRuns(judged.get(measured.tree) ?? [])
  const credits = creditsOf(runs)
  return {
    value: mean(measuredValues(runs)),
    wallSeconds: usualSecondsOf(runs),
    ...(credits && { credits }),
  }
}

type ArchivedPeriod = Pick<ArchivedBelief, 'period' | 'weighed' | 'inherited' | 'belief'>

/**
 * The belief up to the last period that has an archived idea. That period counts as a whole when the merge that ended it is
 * archived; else only its archived ideas do, and the others follow later.
 */
function periodToArchive(state: State, conditions: Conditions, { candidates }: Archived): ArchivedPeriod {
  const start = startOf(state, conditions)
  const ideas = candidates.filter(isIdea)
  const places = new Map(state.baselines.map(({ commit }, place) => [commit, place]))
  const last = ideas.reduce((most, { base }) => Math.max(most, places.get(base) ?? -1), start.index)
  const base = state.baselines[last]?.commit
  const isWhole =
    last + 1 < state.baselines.length && ideas.some((idea) => idea.base === base && becameBaseline(idea))
  const ids = new Set(ideas.map(({ id }) => id))
  const periods = periodsBetween(
    state,
    conditions,
    start,
    last,
    ({ id }, place) => place < last || isWhole || ids.has(id),
  )
  const noise = noiseUnder(state, conditions)
  if (!noise?.sigma) return unmeasured(start, last)
  const ended = isWhole ? periods : periods.slice(0, -1)
  const carried = ended.reduce<CarriedBelief>(
    (before, period) => endPeriod(before, period, noise),
    start.carried,
  )
  if (isWhole) {
    const belief = freeze(carried)
    return { period: last + 1, weighed: 0, inherited: belief.level !== undefined, belief }
  }
  const period = upToLastIdea(periods.at(-1))
  const belief = freeze(period ? believe(carried, period, noise) : carried)
  const inherited = ended.length === 0 ? start.inherited : carried.level !== undefined
  return { period: last, ...weighedOf(start, last, belief, ownRuns(period)), inherited, belief }
}

/** Without the baseline's runs after the last archived idea: they stay, and are weighed in their turn. */
function upToLastIdea(period: BaselinePeriod | undefined): BaselinePeriod | undefined {
  const last = period?.observed.findLastIndex(({ kind }) => kind !== 'baseline') ?? -1
  return period && { ...period, observed: period.observed.slice(0, last + 1) }
}

function ownRuns(period: BaselinePeriod | undefined): number {
  return period?.observed.filter(({ kind }) => kind === 'baseline').length ?? 0
}

/** Own runs count as weighed only in a known level. */
function weighedOf(start: Start, last: number, { level }: FrozenBelief, runs: number): { weighed: number } {
  if (!level) return { weighed: 0 }
  return { weighed: runs + (last === start.index ? start.weighed : 0) }
}

/** Without noise, no level and no effect can be told. */
function unmeasured(start: Start, period: number): ArchivedPeriod {
  const { level: _, ...belief } = freeze(start.carried)
  return { period, weighed: 0, inherited: false, belief }
}
