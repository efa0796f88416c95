// What searches of constants gain in a night, each on the same problems.
import { withEffect } from '../../../src/core/propose/knobs/effect.ts'
import { readFailures } from '../../../src/core/propose/knobs/failures.ts'
import { stepsOf } from '../../../src/core/propose/knobs/scale.ts'
import { proposeSteps } from '../../../src/core/propose/knobs/search.ts'
import { aRandom } from '../../../test/factories.ts'
import { meanAndError, percent, ratio, round } from '../../numbers.ts'
import type { Row } from '../../output.ts'
import { Night, type Search, SURROUNDINGS } from './night.ts'
import { drawProblem, SHAPES } from './problem.ts'
import { proposeStep } from './single-step.ts'
import { isNumber } from './single-step-proposer.ts'
import { tpe } from './tpe.ts'

interface Contestant {
  search: Search
  /** Runs repeat bit by bit with the same seed, so that changes without effect are recognised. */
  isDeterministic: boolean
}

const ours: Search = (knobs, history, random) =>
  proposeSteps(
    withEffect(knobs, history, SURROUNDINGS),
    history,
    random,
    [],
    readFailures(history, SURROUNDINGS),
  )

const singleStep: Search = (knobs, history, random) => {
  const step = proposeStep(knobs.filter(isNumber), history, random)
  return step && [step]
}

const randomStep: Search = (knobs, _, random) => {
  const steps = knobs.flatMap((knob) => stepsOf(knob, knobs))
  const step = steps[Math.floor(random() * steps.length)]
  return step && [step]
}

export const CONTESTANTS: Readonly<Record<string, Contestant>> = {
  ours: { search: ours, isDeterministic: true },
  'ours, runs never repeat': { search: ours, isDeterministic: false },
  'single steps': { search: singleStep, isDeterministic: true },
  TPE: { search: tpe, isDeterministic: true },
  'random steps': { search: randomStep, isDeterministic: true },
}

interface Outcome {
  /** Gain in σ at each checkpoint. */
  gained: number[]
  candidates: number
  withoutEffect: number
}

function spend(
  { search, isDeterministic }: Contestant,
  seed: number,
  checkpoints: readonly number[],
): Outcome {
  const shape = SHAPES[seed % SHAPES.length] ?? 'bowls'
  const night = new Night(drawProblem(shape, aRandom(seed)), aRandom(seed + 0x5eed))
  const gained: number[] = []
  while (gained.length < checkpoints.length) {
    const before = night.loss
    const goesOn = night.step(search, isDeterministic)
    while (gained.length < checkpoints.length && (!goesOn || night.runs > (checkpoints[gained.length] ?? 0)))
      gained.push(-before)
  }
  return { gained, candidates: night.candidates, withoutEffect: night.withoutEffect }
}

type Results = readonly (readonly [search: string, outcomes: readonly Outcome[]])[]

/**
 * @param searches names of contestants; the first is compared with the others
 * @param seeds one per problem; its shape follows from the seed
 */
export function compareConstantSearches(
  searches: readonly string[],
  seeds: readonly number[],
  checkpoints: readonly number[],
): { total: Row[]; byShape: Row[] } {
  const results: Results = searches.flatMap((name) => {
    const contestant = CONTESTANTS[name]
    return contestant ? [[name, seeds.map((seed) => spend(contestant, seed, checkpoints))] as const] : []
  })
  const byShape = SHAPES.flatMap((shape, index) => {
    const own: Results = results.map(([name, outcomes]) => [
      name,
      outcomes.filter((_, at) => (seeds[at] ?? 0) % SHAPES.length === index),
    ])
    return rowsOf(own, checkpoints.slice(-1), checkpoints.length - 1).map((row) => ({ shape, ...row }))
  })
  return { total: rowsOf(results, checkpoints, 0), byShape }
}

/** @param first place of the first of these checkpoints among all */
function rowsOf(results: Results, checkpoints: readonly number[], first: number): Row[] {
  const own = results[0]?.[1] ?? []
  return results.flatMap(([search, outcomes]) =>
    checkpoints.map((runs, at) => {
      const gainOf = ({ gained }: Outcome | undefined = NOTHING) => gained[first + at] ?? 0
      const gained = meanAndError(outcomes.map(gainOf))
      const lead = meanAndError(outcomes.map((outcome, index) => gainOf(own[index]) - gainOf(outcome)))
      const shares = outcomes.map(({ withoutEffect, candidates }) => percent(withoutEffect, candidates) ?? 0)
      return {
        search,
        runs,
        gainSigmas: round(gained.mean, 2),
        standardError: round(gained.error, 2),
        withoutEffectPercent: round(meanAndError(shares).mean, 1),
        oursAheadSigmas: round(lead.mean, 2),
        standardErrors: round(ratio(lead.mean ?? 0, lead.error ?? 0), 2),
      }
    }),
  )
}

const NOTHING: Outcome = { gained: [], candidates: 0, withoutEffect: 0 }
