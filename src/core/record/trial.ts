// A trial: one budgeted training run of one commit with one seed, and the file that carries its result.
import { z } from 'zod'

export const sha = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)
const finite = z.number().finite()

const curvePointSchema = z.strictObject({ step: finite, value: finite })
export type CurvePoint = z.infer<typeof curvePointSchema>

/** The scale of a configuration that does not name one. */
export const BASE_SCALE = 'base'

const scale = z.string().regex(/^[\w.-]{1,40}$/)

/**
 * The purpose and scale of a trial. Results of different protocols are never compared. `scale` is the rung of the ladder.
 * `range` is the part of the baseline's history that a certifying run tests; the run counts for no other range. `promotion` is
 * the number of the promotion to `scale` that a run helps to decide; it counts for no other.
 */
const protocolSchema = z.discriminatedUnion('purpose', [
  z.strictObject({ purpose: z.literal('judge'), scale }),
  z.strictObject({ purpose: z.literal('certify'), scale, range: z.strictObject({ from: sha, to: sha }) }),
  z.strictObject({ purpose: z.literal('promote'), scale, promotion: z.int().min(1) }),
])
export type Protocol = z.infer<typeof protocolSchema>

export const trialSchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}-([\w.-]{1,40}-)?[rcp][0-9]{1,4}$/),
  /** Candidate id, or null when the baseline itself is measured. */
  candidate: z.string().max(40).nullable(),
  base: sha,
  head: sha,
  tree: sha,
  /** 1-based, counted per tree; those of other protocols are counted separately. */
  replicate: z.number().int().min(1).max(9999),
  seed: z.number().int().min(0).max(0x7fffffff),
  protocol: protocolSchema,
  /** The candidate is an A/A check, so the trained code is the baseline's. */
  aa: z.literal(true).exactOptional(),
})

/** More than any machine has: the maximum of `sandbox.memory` in the configuration. */
const MAX_MEMORY_BYTES = 1024 ** 5

/** A trial to run: planned by the scheduler, passed to the GPU job as JSON. */
export type Trial = z.infer<typeof trialSchema>

const OUTCOMES = [
  'measured',
  'crashed',
  'out-of-memory',
  'timed-out',
  'no-metric',
  'invalid-metric',
  'diverged',
  'over-limit',
  'not-reached',
  'cut',
] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Most second numbers that a configuration may name. */
export const MAX_GUARDS = 8

const guardValueSchema = z.strictObject({ name: z.string().max(64), value: finite })
/** A second number of a run. */
export type GuardValue = z.infer<typeof guardValueSchema>

const seconds = z.number().nonnegative()

const crossingSchema = z.strictObject({
  /** Wall time from the start of training to the first point of the curve that reached the target. */
  seconds,
  /** How much of it the script marked as a pause. */
  pausedSeconds: seconds,
  /** Time between that point and the one before, without pauses; 0 without one before. */
  intervalSeconds: seconds,
  /** How much of that interval was left when the line between the two points crossed the target. */
  afterSeconds: seconds,
  /** Time from that point to the end of training, where an evaluator measures what training left; else 0. */
  savingSeconds: seconds,
})
/** When a curve reached its target, on the clock of the harness. */
export type Crossing = z.infer<typeof crossingSchema>

/**
 * Who measured the value, most trustworthy first: an evaluator in another sandbox than the model, an evaluator that runs the
 * model itself, or the training script.
 */
const TRUSTS = ['separated', 'evaluated', 'self-reported'] as const
export type Trust = (typeof TRUSTS)[number]

/** Who measures the values of a configuration. */
export function trustOf({ serve, evaluate }: { serve?: string; evaluate?: string }): Trust {
  if (evaluate === undefined) return 'self-reported'
  return serve === undefined ? 'evaluated' : 'separated'
}

/** True when a value deserves less trust than the configuration promises. */
export function isLessTrusted(trust: Trust, promised: Trust): boolean {
  return TRUSTS.indexOf(trust) > TRUSTS.indexOf(promised)
}

export const trialResultSchema = z.strictObject({
  trial: trialSchema,
  /** Hash of the configuration the trial ran under. */
  config: z.string().regex(/^[0-9a-f]{16}$/),
  /** Hardware and driver, in words. Two values are comparable only on equal testbeds. */
  testbed: z.string().max(300),
  outcome: z.enum(OUTCOMES),
  /** Present exactly when the outcome is `measured`. */
  value: finite.optional(),
  /** How often the metric was printed; present when `metric.take` is lowest or highest. */
  metricLines: z.int().min(1).exactOptional(),
  /** The guards of the configuration, in its order; absent without guards, and where the outcome is not `measured`. */
  guards: z.array(guardValueSchema).max(MAX_GUARDS).exactOptional(),
  /** Present exactly where the metric is a time to target and the outcome is `measured`; the value follows from it. */
  crossing: crossingSchema.exactOptional(),
  /** Why there is no value; one line. */
  reason: z.string().max(500).optional(),
  trust: z.enum(TRUSTS),
  /** How the code was isolated, as the sandbox describes itself. */
  sandbox: z.string().max(200),
  /** Workflow run that trained, and its attempt, from 1. */
  runId: z.string().max(40),
  runAttempt: z.int().min(1),
  /** Wall time of training and evaluation, measured from outside. Evaluation counts, because a model could train there. */
  wallSeconds: z.number().nonnegative(),
  /** Wall time of training alone; absent when there was no evaluation. */
  trainingSeconds: z.number().nonnegative().optional(),
  /** Time for which the device was occupied. */
  deviceSeconds: z.number().nonnegative(),
  /**
   * Peak use of the machine's memory (not the device's) by training. A control group also counts cached files; without one,
   * this is the highest of a few samples per second. Absent without a sandbox.
   */
  peakMemoryBytes: z.int().min(0).max(MAX_MEMORY_BYTES).optional(),
  curve: z.array(curvePointSchema).max(200),
  /** Wall time at the first point of the curve; the time before it was preparation. */
  firstPointSeconds: z.number().nonnegative().optional(),
  /** The end of the output of a failed run. Untrusted candidate text. */
  tail: z.string().max(4000).optional(),
})

/** The result of a trial: the content of `trial.json`. */
export type TrialResult = z.infer<typeof trialResultSchema>

/** True when bubblewrap isolated the code. Any other description counts as no sandbox. */
export function isSandboxed({ sandbox }: Pick<TrialResult, 'sandbox'>): boolean {
  return /^bubblewrap\b/.test(sandbox)
}

/** The values of all measured runs. */
export function measuredValues(results: readonly TrialResult[]): number[] {
  return results.flatMap((result) => (result.value === undefined ? [] : [result.value]))
}

/** Name of the result file that the GPU job writes to a folder named after the trial. */
export const TRIAL_FILE = 'trial.json'
