// Small builders of domain values with defaults that make sense together: a test writes only what it is about.

import { createHash } from 'node:crypto'
import { type Config, parseConfig } from '../src/core/config/config.ts'
import type { Conditions } from '../src/core/judge/evidence.ts'
import { type Evidence, losses } from '../src/core/judge/judge.ts'
import type { JudgePolicy } from '../src/core/judge/policy.ts'
import { judgePolicy } from '../src/core/plan/rules.ts'
import {
  type Candidate,
  candidateId,
  type Direction,
  NO_USAGE,
  type Origin,
} from '../src/core/record/candidate.ts'
import type { Certification } from '../src/core/record/certification.ts'
import type { Promotion, PromotionOutcome } from '../src/core/record/promotion.ts'
import { type BaselineCommit, replay, type State } from '../src/core/record/state.ts'
import {
  BASE_SCALE,
  type Crossing,
  type Protocol,
  type Trial,
  type TrialResult,
} from '../src/core/record/trial.ts'
import type { Verdict } from '../src/core/record/verdict.ts'
import { type Belief, believe, NOTHING_CARRIED } from '../src/core/statistics/belief.ts'
import { DEFAULT_EFFECTS } from '../src/core/statistics/effects.ts'
import { JUDGE, trialId, trialSeed } from '../src/core/trial/protocol.ts'
import type { ProposalRequest } from '../src/ports/proposer.ts'

export const ROOT_SEED = 'test'

/** The bench every result is made on unless a test says otherwise. */
export const CONDITIONS: Conditions & { testbed: string } = {
  config: '0123456789abcdef',
  testbed: '1 × TestGPU, driver 1.0',
  direction: 'minimize',
}

/** The origin of an A/A check. */
export function aaOrigin(number = 1): Origin {
  return { kind: 'aa', number }
}

/** The origin of what undoes a merge. */
export function revertOrigin(merge = sha('merge')): Origin {
  return { kind: 'revert', merge }
}

/** The protocol of runs that certify what lies between two commits. */
export function certifying(from: string, to: string): Protocol {
  return { purpose: 'certify', scale: BASE_SCALE, range: { from, to } }
}

/** Of runs that certify, where the range does not matter. */
export const CERTIFY = certifying(sha('from'), sha('to'))

/** A git object id made from a name, the same every time. */
export function sha(name: string): string {
  return createHash('sha1').update(name).digest('hex')
}

/** A commit and its tree, both made from a name. */
export function aBaseline(name = 'baseline'): BaselineCommit {
  return { commit: sha(name), tree: sha(`${name} tree`) }
}

/** A candidate on `aBaseline()`. `name` gives it a head, a tree and an id of its own. */
export function aCandidate({
  name = 'warmup',
  ...fields
}: Partial<Candidate> & { name?: string } = {}): Candidate {
  const base = fields.base ?? aBaseline().commit
  const tree = fields.tree ?? sha(`${name} tree`)
  return {
    id: candidateId(base, tree),
    origin: { kind: 'idea' },
    title: `Try ${name}`,
    hypothesis: `The first steps are too large; ${name} makes them smaller.`,
    category: 'schedule',
    expectedEffect: '−0.01',
    proposer: 'knobs',
    changeKey: sha(`${name} change`).slice(0, 16),
    usage: NO_USAGE,
    base,
    head: sha(name),
    tree,
    rebases: 0,
    ...fields,
  }
}

export interface TrialResultFields extends Partial<Omit<TrialResult, 'trial' | 'value'>> {
  /** Whose run it is; left out, it is a run of `baseline`. */
  candidate?: Candidate
  baseline?: BaselineCommit
  replicate?: number
  seed?: number
  /** Left out of results whose outcome is not `measured`. */
  value?: number
}

/** A crossing of which everything counts. */
export const NOTHING_EXCLUDED: Omit<Crossing, 'seconds'> = {
  pausedSeconds: 0,
  intervalSeconds: 0,
  afterSeconds: 0,
  savingSeconds: 0,
}

/** A metric that is the time until `val_bpb` is 0.98. */
export function aTime(): Config['metric'] {
  return configOf(
    'editable: [train.py]\ntrain: python train.py\nbudget: 5m\nmetric: {kind: time-to-target, curve: val_bpb, target: 0.98}\n',
  ).metric
}

/** A measured run of the baseline, or of `candidate`; give `outcome` for one that failed. */
export function aTrialResult(fields: TrialResultFields = {}): TrialResult {
  const { candidate, baseline, replicate = 1, seed, value = 2.5, ...rest } = fields
  const measured = (rest.outcome ?? 'measured') === 'measured'
  return {
    trial: aTrial({
      ...(candidate && { candidate }),
      ...(baseline && { baseline }),
      replicate,
      ...(seed !== undefined && { seed }),
    }),
    config: CONDITIONS.config,
    testbed: CONDITIONS.testbed,
    outcome: 'measured',
    trust: 'self-reported',
    sandbox: 'bubblewrap 0.9.0',
    runId: '7',
    runAttempt: 1,
    wallSeconds: 300,
    deviceSeconds: rest.wallSeconds ?? 300,
    curve: [],
    ...(measured ? { value } : { reason: 'exit code 1' }),
    ...rest,
  }
}

export function aTrial({
  candidate,
  baseline = aBaseline(),
  replicate = 1,
  seed,
}: Pick<TrialResultFields, 'candidate' | 'baseline' | 'replicate' | 'seed'> = {}): Trial {
  const tree = candidate?.tree ?? baseline.tree
  return {
    id: trialId(tree, replicate),
    candidate: candidate?.id ?? null,
    base: candidate?.base ?? baseline.commit,
    head: candidate?.head ?? baseline.commit,
    tree,
    replicate,
    seed: seed ?? trialSeed(ROOT_SEED, tree, replicate),
    protocol: JUDGE,
  }
}

/** One result per value, replicates counted from 1. */
export function trialResults(values: readonly number[], fields: TrialResultFields = {}): TrialResult[] {
  return values.map((value, index) => aTrialResult({ ...fields, value, replicate: index + 1 }))
}

/** A candidate's values next to the baseline's; the level is what the baseline's runs alone tell. */
export function someEvidence({
  direction = 'minimize',
  baseline = trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53]),
  candidate = [],
  sigma = 0.02,
  effects = DEFAULT_EFFECTS,
  compared = true,
  ...others
}: Partial<Evidence> & Pick<Partial<JudgePolicy>, 'direction'> = {}): Evidence {
  const level = 'level' in others ? others.level : levelOf(losses(baseline, { direction }), sigma)
  return { ...others, baseline, candidate, sigma, level, effects, compared }
}

function levelOf(measured: readonly number[], sigma: number): Belief['level'] {
  return sigma === 0
    ? undefined
    : believe(
        NOTHING_CARRIED,
        { observed: measured.map((loss) => ({ kind: 'baseline', losses: [loss] })) },
        { sigma, outliers: 1 / 80 },
      ).level
}

/** One merge, to be promoted to d24. */
export function aPromotion(fields: Partial<Promotion> = {}): Promotion {
  const members = [{ merge: sha('m5'), gain: 0.02, deviation: 0.005 }]
  const name = { scale: 'd24', number: 1 }
  return {
    ...name,
    config: '0'.repeat(16),
    base: aBaseline().commit,
    members,
    follows: [],
    aside: [],
    ...fields,
  }
}

export function aPromotionOutcome(fields: Partial<PromotionOutcome> = {}): PromotionOutcome {
  return {
    promoted: { commit: sha('m5'), tree: sha('t5') },
    reason: '1 merge promoted: expected gain 0.0150 over 4 runs at d24',
    confidence: 0.98,
    gain: 0.015,
    sigma: 0.01,
    members: [{ merge: sha('m5'), promoted: true, gain: 0.015, positive: 0.98 }],
    runs: [
      { members: [], losses: [2, 2.01] },
      { members: [sha('m5')], losses: [1.98, 1.99] },
    ],
    ...fields,
  }
}

export function aVerdict(fields: Partial<Verdict> = {}): Verdict {
  return {
    kind: 'merge',
    reason: 'gain 0.0312 ± 0.0091 over 2 runs, z = 3.4, false-merge risk 0.8 % ≤ 12 %',
    gain: 0.0312,
    // A test that says what is gained means that luck took nothing away.
    measured: fields.gain ?? 0.0323,
    sigma: 0.0112,
    z: 3.4,
    risk: 0.008,
    runs: { candidate: 2, baseline: 6 },
    ...fields,
  }
}

export function aCertification(fields: Partial<Certification> = {}): Certification {
  return {
    from: aBaseline().commit,
    to: sha('merge 5'),
    merges: 5,
    holds: true,
    reason: '5 merges certified together: gain 0.041 ± 0.004 over 4 + 4 fresh runs, z = 9.8',
    gain: 0.041,
    sigma: 0.006,
    z: 9.8,
    runs: { candidate: 4, baseline: 4 },
    ...fields,
  }
}

export interface StateFields extends Partial<Omit<State, 'candidates' | 'trials' | 'baseline'>> {
  candidates?: readonly Candidate[]
  trials?: readonly TrialResult[]
}

/** A state whose baseline is the last of `baselines`. */
export function aState({ candidates = [], trials = [], ...fields }: StateFields = {}): State {
  const baselines = fields.baselines ?? [aBaseline()]
  return {
    ...replay([]),
    rootSeed: ROOT_SEED,
    baseline: baselines.at(-1),
    candidates: new Map(candidates.map((candidate) => [candidate.id, candidate])),
    trials: new Map(trials.map((result) => [result.trial.id, result])),
    asked: candidates.length,
    ...fields,
    baselines,
  }
}

export function aDirection(fields: Partial<Direction> = {}): Direction {
  return { mode: 'explore', category: 'schedule', structural: false, sources: [], ...fields }
}

/** A configuration that says no more than it must. */
export const DEFAULTS = configOf(String.raw`
editable: [train.py]
train: uv run train.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb:\s+(\S+)' }
`)

/** The defaults but for the number of lines, so that a test says so where it counts, on a machine of some size. */
export function aConfig(fields: Partial<Config> = {}): Config {
  const { simplicity: _, ...config } = DEFAULTS
  return { ...config, sandbox: { ...config.sandbox, processes: 512 }, ...fields }
}

/** The configuration that this text says. */
export function configOf(text: string): Config {
  const parsed = parseConfig(text)
  if (parsed.kind === 'config') return parsed.config
  throw new Error('the configuration is wrong')
}

/** What a proposer is asked; nothing was tried, nothing is refused, and there is no limit. */
export function aProposalRequest(fields: Partial<ProposalRequest> = {}): ProposalRequest {
  return {
    brief: 'Improve it.',
    direction: aDirection(),
    files: new Map(),
    editable: ['train.py'],
    addable: [],
    executable: [],
    train: 'python train.py',
    history: [],
    review: () => [],
    past: {
      search: async () => ({ text: 'no past candidate matches', ids: [] }),
      read: async () => undefined,
    },
    checks: [],
    budget: { tokens: Number.POSITIVE_INFINITY, dollars: Number.POSITIVE_INFINITY },
    signal: new AbortController().signal,
    ...fields,
  }
}

/** Random numbers from 0 to 1 that are the same every time (mulberry32): for property tests. */
export function aRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A draw from the normal distribution (Box and Muller), sd 1. */
export function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** The judge's defaults, without a say of the number of lines. */
export const POLICY: JudgePolicy = judgePolicy(aConfig())
