// What failed runs tell of constants: a switch that silences training, a width that no head divides. A step that makes runs fail
// is not taken again, and neither is a change that contains one that failed.
import { type Knob, knobsOf } from '../../record/candidate.ts'
import type { PastIdea } from '../../record/ideas.ts'
import type { Verdict } from '../../record/verdict.ts'
import { contextOf, type Surroundings } from './effect.ts'
import type { FoundKnob } from './knobs.ts'
import { keyOf } from './observations.ts'
import type { KnobStep } from './scale.ts'

/** True when a run of this change may end with a number. False for a change means false for every larger one. */
export type MayRun = (steps: readonly KnobStep[]) => boolean

type Failure = NonNullable<Verdict['failure']>
/** Failures that would repeat. Others, such as divergence, are a matter of degree, and the response surface learns from them. */
const REPEATS: ReadonlySet<Failure> = new Set(['crashed', 'out-of-memory', 'no-metric', 'invalid-metric'])
const WITHOUT_METRIC: ReadonlySet<Failure> = new Set(['no-metric', 'invalid-metric'])

/**
 * Of a change of several constants it is not known which one made the run fail. Those that ran in another change did not; a
 * metric that is no longer printed is put down to switches. If one is left, it is to blame. If several are left, each change
 * takes at most one of them until it is known.
 */
export function readFailures(history: readonly PastIdea[], surroundings: Surroundings): MayRun {
  const ran = new Set(
    history.flatMap((candidate) => (hasRun(candidate) ? knobsOf(candidate).map(identityOf) : [])),
  )
  const failed = history.flatMap((candidate) => {
    const failure = candidate.verdict?.failure
    // What fails without a changed constant tells nothing about constants.
    const tells = failure !== undefined && REPEATS.has(failure) && knobsOf(candidate).length > 0
    return tells ? [suspectsOf(candidate, failure, ran)] : []
  })
  const guilty = new Set(failed.flatMap(({ suspects }) => (suspects.length === 1 ? suspects : [])))
  const open = failed.filter(({ all }) => !all.some((identity) => guilty.has(identity)))
  const suspected = new Set(open.flatMap(({ suspects }) => suspects))
  if (failed.length === 0) return () => true
  const contexts = new Map<FoundKnob, string>()
  const taken = ({ knob, to }: KnobStep): string => {
    const context = contexts.get(knob) ?? contextOf(knob, surroundings)
    contexts.set(knob, context)
    return identityOf({ ...knob, to, context })
  }
  return (steps) => {
    const identities = steps.map(taken)
    return (
      !identities.some((identity) => guilty.has(identity)) &&
      identities.filter((identity) => suspected.has(identity)).length <= 1 &&
      !open.some(({ all }) => all.every((identity) => identities.includes(identity)))
    )
  }
}

/** True when a run went on until the judge had a number, or something other than a repeating failure ended it. */
function hasRun({ verdict }: PastIdea): boolean {
  if (verdict === undefined) return false
  return verdict.failure === undefined ? verdict.runs.candidate > 0 : !REPEATS.has(verdict.failure)
}

function suspectsOf(candidate: PastIdea, failure: Failure, ran: ReadonlySet<string>) {
  const steps = knobsOf(candidate)
  const left = steps.filter((step) => !ran.has(identityOf(step)))
  const switches = WITHOUT_METRIC.has(failure) ? left.filter(isSwitched) : []
  return {
    all: steps.map(identityOf),
    suspects: (switches.length > 0 ? switches : left).map(identityOf),
  }
}

/** A number that goes from 0 to 1 or back turns something on or off, too. */
function isSwitched({ from, to }: Knob): boolean {
  return (from === 0 && to === 1) || (from === 1 && to === 0)
}

/** Where the value leads decides, not where it came from. */
function identityOf(step: Pick<Knob, 'file' | 'name' | 'to' | 'context'>): string {
  return `${keyOf(step)}\0${step.context}\0${step.to.toPrecision(3)}`
}
