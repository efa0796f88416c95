// The files that list archived ideas beside the ledger: one idea per line, without what is only of use while it is open.
import { type Candidate, isIdea, NO_USAGE } from './candidate.ts'
import type { PastIdea } from './ideas.ts'
import type { State } from './known.ts'
import type { Outcome, TrialResult } from './trial.ts'
import type { Verdict } from './verdict.ts'

/** An idea that a checkpoint archived, as far as it is kept. */
export interface ArchivedIdea {
  candidate: Candidate
  /** Its last failed run. */
  failure?: FailedRun
}

/** A failed run, as far as proposers read of it. */
export interface FailedRun {
  outcome: Outcome
  reason?: string
  tail?: string
}

const IDEAS_PER_BLOCK = 1000
const MAX_TAIL_CHARACTERS = 600

/** @returns the contents of the files, each of bounded size */
export function writeBlocks(state: State, candidates: readonly Candidate[]): string[] {
  const ideas = candidates.filter(isIdea)
  const failures = lastFailures(state.trials.values())
  const lines = ideas.map((idea) => `${JSON.stringify(lineOf(idea, failures.get(idea.tree)))}\n`)
  return Array.from({ length: Math.ceil(lines.length / IDEAS_PER_BLOCK) }, (_, index) =>
    lines.slice(index * IDEAS_PER_BLOCK, (index + 1) * IDEAS_PER_BLOCK).join(''),
  )
}

/** By tree, the last run that failed of itself. */
export function lastFailures(runs: Iterable<TrialResult>): Map<string, FailedRun> {
  const failures = new Map<string, FailedRun>()
  for (const { trial, outcome, reason, tail } of runs) {
    if (outcome === 'measured' || outcome === 'cut') continue
    failures.set(trial.tree, { outcome, ...(reason !== undefined && { reason }), ...(tail && { tail }) })
  }
  return failures
}

function lineOf(candidate: Candidate, failure: FailedRun | undefined) {
  const {
    origin: _,
    hypothesis,
    expectedEffect,
    usage,
    rebases,
    standsInFor,
    addedLines,
    ...rest
  } = candidate
  const tail = failure?.tail?.slice(-MAX_TAIL_CHARACTERS).toWellFormed()
  return { ...rest, ...(failure && { failure: { ...failure, ...(tail && { tail }) } }) }
}

/** Reads the content of such a file, one idea after the other: all of them take several times the memory of the text. */
export function* readBlock(text: string): Generator<ArchivedIdea> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start) + 1 || text.length
    const { failure, ...rest } = JSON.parse(text.slice(start, end)) as ReturnType<typeof lineOf>
    yield { candidate: { ...rest, ...LEFT_OUT }, ...(failure && { failure }) }
    start = end
  }
}

/** Makes what stays in memory of archived ideas; values that many of them have are there once. */
export class IdeaMemory {
  readonly #shared = new Map<string, unknown>()

  remember({ candidate }: ArchivedIdea): PastIdea {
    const { id, origin, title, knob, knobs, changeKey, sketch, pullRequest, verdict, refusal, end } =
      candidate
    return {
      ...{ id, origin, title, changeKey, base: this.#once(candidate.base) },
      ...(knob && { knob }),
      ...(knobs && { knobs }),
      ...(sketch !== undefined && { sketch }),
      ...(pullRequest !== undefined && { pullRequest }),
      ...(verdict && { verdict: this.#verdict(verdict) }),
      ...(refusal !== undefined && { refusal }),
      ...(end && { end: this.#once(end) }),
    }
  }

  #verdict({ reason: _, z, risk, testbed, ...rest }: Verdict): NonNullable<PastIdea['verdict']> {
    return { ...rest, runs: this.#once(rest.runs) }
  }

  #once<Value>(value: Value): Value {
    const key = JSON.stringify(value)
    if (!this.#shared.has(key)) this.#shared.set(key, value)
    return this.#shared.get(key) as Value
  }
}

const LEFT_OUT = {
  origin: { kind: 'idea' },
  hypothesis: '',
  expectedEffect: '',
  usage: NO_USAGE,
  rebases: 0,
} as const
