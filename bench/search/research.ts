// One session on a landscape: proposals are trained with noise, judged as docs/deciding.md says, and merged.

import { type Change, changeKey } from '../../src/core/gate/gate.ts'
import { changesOnlyConstants, sketchOf } from '../../src/core/gate/sketch.ts'
import { explainRepetition } from '../../src/core/propose/novelty.ts'
import type { Candidate, Category, Direction } from '../../src/core/record/candidate.ts'
import { type BaselineCommit, replay, type State } from '../../src/core/record/state.ts'
import type { TrialResult } from '../../src/core/record/trial.ts'
import type { Verdict } from '../../src/core/record/verdict.ts'
import { aBaseline, aCandidate, aTrialResult, gaussian, ROOT_SEED } from '../../test/factories.ts'
import { applyParts, type Part, writeChange } from './idea.ts'
import { type Code, type Landscape, lossOf, START } from './landscape.ts'

export interface Proposed {
  parts: readonly Part[]
  proposer: 'agent' | 'knobs'
  category: Category
  direction?: Direction
}

const BASELINE_RUNS = 6
const MAX_RUNS = 4
const SCREEN_SIGMAS = 1.5
const MERGE_Z = 2.5
const REJECT_SIGMAS = 0.8
const NOVELTY = { similarity: 0.8, retryAfterMerges: 5 }
const USAGE = { inputTokens: 20_000, outputTokens: 3000, dollars: 0.05 }
const TEMPLATE = { candidate: aCandidate(), result: aTrialResult() }

export class Research {
  readonly landscape: Landscape
  code: Code = START
  /** Runs made so far, those that measure a new baseline included. */
  trials = 0
  refused = 0
  /** What each candidate changed, by id. */
  readonly parts = new Map<string, readonly Part[]>()
  /** Steps taken on constants; see `knobKey`. */
  readonly turned = new Set<string>()
  readonly #random: () => number
  readonly #candidates = new Map<string, Candidate>()
  readonly #results = new Map<string, TrialResult>()
  readonly #emptyAttempts = new Map<
    string,
    { proposer: string; usage: typeof USAGE; direction?: Direction }
  >()
  readonly #baselines: BaselineCommit[] = [aBaseline('0')]
  /** Mean of the runs of the baseline: all that the judge knows of it. */
  #baselineMean = 0

  constructor(landscape: Landscape, random: () => number) {
    this.landscape = landscape
    this.#random = random
    this.#measureBaseline(BASELINE_RUNS)
  }

  /** As the production rules see it. */
  get state(): State {
    return {
      ...replay([]),
      rootSeed: ROOT_SEED,
      baseline: this.#baselines.at(-1),
      baselines: this.#baselines,
      candidates: this.#candidates,
      trials: this.#results,
      usage: USAGE,
      asked: this.#candidates.size + this.#emptyAttempts.size,
      emptyAttempts: this.#emptyAttempts,
    }
  }

  get loss(): number {
    return lossOf(this.landscape, this.code)
  }

  write(parts: readonly Part[]): Change {
    return writeChange(this.code, parts, this.#random)
  }

  isNew(change: Change, sources: readonly string[] = []): boolean {
    return explainRepetition(this.state, [change], NOVELTY, sources) === undefined
  }

  /** The proposer was asked in vain. */
  recordNothing(proposer: string, direction: Direction): void {
    this.refused += 1
    this.#emptyAttempts.set(`${this.refused}`, { proposer, usage: USAGE, direction })
  }

  /** Trains a proposal until it is decided, and merges it when it is proven. */
  tryOut({ parts, proposer, category, direction }: Proposed, change: Change): void {
    const id = `${this.#candidates.size}`
    const after = applyParts(this.code, parts)
    const { verdict, runs } = this.#crashes(parts) ? this.#crash(id) : this.#judge(id, after)
    const merged = verdict.kind === 'merge'
    const commit = { commit: `commit ${id}`, tree: `tree ${id}` }
    this.parts.set(id, parts)
    this.#candidates.set(id, {
      ...TEMPLATE.candidate,
      id,
      tree: commit.tree,
      base: this.#baselines.at(-1)?.commit ?? '',
      category,
      proposer,
      usage: proposer === 'agent' ? USAGE : { ...USAGE, dollars: 0 },
      changeKey: changeKey([change]),
      sketch: sketchOf([change]),
      ...(changesOnlyConstants([change]) && { constantsOnly: true as const }),
      ...(proposer === 'knobs' && { knob: { file: 'train.py', name: id, from: 1, to: 2 } }),
      ...(direction && { direction }),
      verdict,
      end: merged ? { kind: 'merged', commit: commit.commit, asTrained: true } : { kind: 'closed' },
    })
    if (!merged) return
    this.code = after
    this.#baselines.push(commit)
    this.#measureBaseline(BASELINE_RUNS - (runs - 1))
  }

  #crashes(parts: readonly Part[]): boolean {
    return parts.some((part) => {
      if (part.kind !== 'on') return false
      const { crashes } = this.landscape.switches[part.id] ?? { crashes: 'never' }
      return crashes === 'always' || (crashes === 'until repaired' && !part.repaired)
    })
  }

  #crash(id: string): { verdict: Verdict; runs: number } {
    this.#run(id, 'crashed', 20)
    const runs = { candidate: 1, baseline: BASELINE_RUNS }
    return { verdict: { kind: 'reject', reason: 'run 1 of 1 ended crashed', runs }, runs: 1 }
  }

  #judge(id: string, after: Code): { verdict: Verdict; runs: number } {
    const loss = lossOf(this.landscape, after)
    let sum = 0
    for (let n = 1; ; n++) {
      this.#run(id, 'measured', 300)
      sum += loss + gaussian(this.#random)
      const gain = this.#baselineMean - sum / n
      const z = gain / Math.sqrt(1 / n + 1 / BASELINE_RUNS)
      const kind = decide(n, gain, z)
      if (kind === undefined) continue
      const runs = { candidate: n, baseline: BASELINE_RUNS }
      return { verdict: { kind, reason: 'measured', gain, sigma: 1, z, runs }, runs: n }
    }
  }

  #run(candidate: string, outcome: TrialResult['outcome'], deviceSeconds: number): void {
    this.trials += 1
    const trial = { ...TEMPLATE.result.trial, candidate, tree: `tree ${candidate}` }
    this.#results.set(`${this.trials}`, { ...TEMPLATE.result, trial, outcome, deviceSeconds })
  }

  /** @param fresh runs made now; the merged candidate's own confirmation runs are the rest */
  #measureBaseline(fresh: number): void {
    this.trials += fresh
    this.#baselineMean = this.loss + gaussian(this.#random) / Math.sqrt(BASELINE_RUNS)
  }
}

function decide(n: number, gain: number, z: number): Verdict['kind'] | undefined {
  if (n === 1) return gain < SCREEN_SIGMAS ? 'reject' : undefined
  if (gain < REJECT_SIGMAS) return 'reject'
  if (z >= MERGE_Z) return 'merge'
  return n < MAX_RUNS ? undefined : 'park'
}
