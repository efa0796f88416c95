// A night in which only constants are searched: what is proposed is run with noise, judged by a plain rule, and merged.
import { contextOf, type Surroundings } from '../../../src/core/propose/knobs/effect.ts'
import type { FoundKnob } from '../../../src/core/propose/knobs/knobs.ts'
import { findKnobs } from '../../../src/core/propose/knobs/knobs.ts'
import { writeLike } from '../../../src/core/propose/knobs/literal.ts'
import type { Candidate, Knob } from '../../../src/core/record/candidate.ts'
import type { Verdict } from '../../../src/core/record/verdict.ts'
import { aCandidate, gaussian, sha } from '../../../test/factories.ts'
import type { Problem } from './problem.ts'

/** Proposes new values of constants; undefined when it has nothing to propose. */
export type Search = (
  knobs: readonly FoundKnob[],
  history: readonly Candidate[],
  random: () => number,
) => { knob: FoundKnob; to: number }[] | undefined

/** Only the script exists here: no command and no other file says what has an effect. */
export const SURROUNDINGS: Surroundings = { files: new Map(), train: '' }
const BASELINE_RUNS = 6
const MAX_RUNS = 4
const SCREEN_SIGMAS = 1.5
const MERGE_Z = 2.5
const REJECT_SIGMAS = 0.8
/** A run that ends this far behind is cut, when this share of it is over. */
const CUT = { sigmas: 4, share: 0.4 }
const CRASH_SHARE = 0.2
/** One run in twenty is noisier by this factor. */
const HEAVY = { share: 0.05, factor: 3 }

interface Judged {
  verdict: Verdict
  runs: number
}

export class Night {
  text: string
  /** Runs made so far; a part of one that was cut. */
  runs = BASELINE_RUNS
  candidates = 0
  withoutEffect = 0
  readonly #problem: Problem
  readonly #random: () => number
  readonly #history: Candidate[] = []
  /** All that is known of the present loss. */
  #baselineMean = 0

  constructor(problem: Problem, random: () => number) {
    this.#problem = problem
    this.#random = random
    this.text = problem.text
    this.#measureBaseline()
  }

  get loss(): number {
    return this.#problem.lossOf(this.text) ?? 0
  }

  /** One candidate. @returns false when the search has nothing to propose */
  step(search: Search, isDeterministic: boolean): boolean {
    const knobs = findKnobs('train.py', this.text).filter(({ byDefault }) => byDefault)
    const steps = search(knobs, this.#history, this.#random)
    if (steps === undefined) return false
    const after = applySteps(this.text, steps)
    const { verdict, runs } = this.#judge(after, isDeterministic)
    this.runs += runs
    this.candidates += 1
    const merged = verdict.kind === 'merge'
    const changed: Knob[] = steps.map(({ knob, to }) => ({
      file: knob.file,
      name: knob.name,
      from: knob.value,
      to,
      context: contextOf(knob, SURROUNDINGS),
    }))
    const [knob] = changed
    this.#history.push({
      ...aCandidate({ name: `${this.candidates}`, base: sha(this.text) }),
      ...(changed.length > 1 ? { knobs: changed } : knob && { knob }),
      verdict,
      end: merged ? { kind: 'merged', commit: `${this.candidates}`, asTrained: true } : { kind: 'closed' },
    })
    if (!merged) return true
    this.text = after
    this.runs += BASELINE_RUNS - (runs - 1)
    this.#measureBaseline()
    return true
  }

  #judge(after: string, isDeterministic: boolean): Judged {
    const loss = this.#problem.lossOf(after)
    const counted = { candidate: 1, baseline: BASELINE_RUNS }
    if (loss === this.loss) {
      this.withoutEffect += 1
      if (isDeterministic)
        return {
          verdict: { kind: 'reject', reason: 'no effect', noEffect: true, gain: 0, sigma: 1, runs: counted },
          runs: 1,
        }
    }
    if (loss === undefined)
      return {
        verdict: { kind: 'reject', reason: 'crashed', failure: 'crashed', runs: counted },
        runs: CRASH_SHARE,
      }
    let sum = 0
    for (let n = 1; ; n++) {
      sum += loss + this.#noise()
      const gain = this.#baselineMean - sum / n
      if (n === 1 && gain < -CUT.sigmas)
        return { verdict: { kind: 'reject', reason: 'cut', failure: 'cut', runs: counted }, runs: CUT.share }
      const z = gain / Math.sqrt(1 / n + 1 / BASELINE_RUNS)
      const kind = decide(n, gain, z)
      if (kind === undefined) continue
      const runs = { candidate: n, baseline: BASELINE_RUNS }
      return { verdict: { kind, reason: 'measured', gain, measured: gain, sigma: 1, z, runs }, runs: n }
    }
  }

  #noise(): number {
    return gaussian(this.#random) * (this.#random() < HEAVY.share ? HEAVY.factor : 1)
  }

  #measureBaseline(): void {
    this.#baselineMean = this.loss + gaussian(this.#random) / Math.sqrt(BASELINE_RUNS)
  }
}

function decide(n: number, gain: number, z: number): Verdict['kind'] | undefined {
  if (n === 1) return gain < SCREEN_SIGMAS ? 'reject' : undefined
  if (gain < REJECT_SIGMAS) return 'reject'
  if (z >= MERGE_Z) return 'merge'
  return n < MAX_RUNS ? undefined : 'park'
}

function applySteps(text: string, steps: readonly { knob: FoundKnob; to: number }[]): string {
  return steps
    .toSorted((a, b) => b.knob.start - a.knob.start)
    .reduce((written, { knob, to }) => {
      const literal = knob.kind === 'switch' ? (to ? 'True' : 'False') : writeLike(knob.literal, to)
      return written.slice(0, knob.start) + literal + written.slice(knob.end)
    }, text)
}
