// A trial: one budgeted training run of one commit with one seed, and the file that carries its result.
import { z } from 'zod'

export const sha = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)
const finite = z.number().finite()

const curvePointSchema = z.strictObject({ step: finite, value: finite })
export type CurvePoint = z.infer<typeof curvePointSchema>

/** The scale of a configuration that names none. */
export const BASE_SCALE = 'base'

const scale = z.string().regex(/^[\w.-]{1,40}$/)

/**
 * What a trial's number is for: numbers of different protocols are never compared. `scale` is the rung of the ladder.
 * `range` is the part of the baseline's history that a certifying run helps to prove; it counts for nothing else.
 */
const protocolSchema = z.discriminatedUnion('purpose', [
  z.strictObject({ purpose: z.literal('judge'), scale }),
  z.strictObject({ purpose: z.literal('certify'), scale, range: z.strictObject({ from: sha, to: sha }) }),
])
export type Protocol = z.infer<typeof protocolSchema>

export const trialSchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}-([\w.-]{1,40}-)?[rc][0-9]{1,4}$/),
  /** Candidate id, or null when the baseline itself is measured. */
  candidate: z.string().max(40).nullable(),
  base: sha,
  head: sha,
  tree: sha,
  /** 1-based; every tree counts its own replicates, those of certification apart. */
  replicate: z.number().int().min(1).max(9999),
  seed: z.number().int().min(0).max(0x7fffffff),
  protocol: protocolSchema,
  /** Its candidate is an A/A: what is trained is the code of the baseline. */
  aa: z.literal(true).exactOptional(),
})

/** More than any machine has: as much as the configuration takes for `sandbox.memory`. */
const MAX_MEMORY_BYTES = 1024 ** 5

/** What is to be trained: planned by the scheduler, carried to the GPU job as JSON. */
export type Trial = z.infer<typeof trialSchema>

const OUTCOMES = [
  'measured',
  'crashed',
  'out-of-memory',
  'timed-out',
  'no-metric',
  'invalid-metric',
  'diverged',
  'cut',
] as const
export type Outcome = (typeof OUTCOMES)[number]

export const trialResultSchema = z.strictObject({
  trial: trialSchema,
  /** Hash of the configuration the trial ran under. */
  config: z.string().regex(/^[0-9a-f]{16}$/),
  /** What must be equal for two numbers to be comparable: hardware and its driver, in words. */
  testbed: z.string().max(300),
  outcome: z.enum(OUTCOMES),
  /** Present exactly when the outcome is `measured`. */
  value: finite.optional(),
  /** Why there is no value; one line. */
  reason: z.string().max(500).optional(),
  /** Who the number comes from: a command that ran after training ended, or the training script itself. */
  trust: z.enum(['evaluated', 'self-reported']),
  /** What held the code, in the sandbox's own words. */
  sandbox: z.string().max(200),
  /** The workflow run that trained, and which attempt of it, from 1. */
  runId: z.string().max(40),
  runAttempt: z.int().min(1),
  /** Wall time of training and evaluation, measured from outside: a model could train on where it is evaluated. */
  wallSeconds: z.number().nonnegative(),
  /** Of that, training alone; absent when nothing else was run. */
  trainingSeconds: z.number().nonnegative().optional(),
  /** Time the device was taken. */
  deviceSeconds: z.number().nonnegative(),
  /**
   * The most of the machine's memory that training had, not of a device's. A control group counts the files it read as
   * well; without one it is the most that was seen, a few times a second. Absent without a sandbox.
   */
  peakMemoryBytes: z.int().min(0).max(MAX_MEMORY_BYTES).optional(),
  curve: z.array(curvePointSchema).max(200),
  /** Wall time at its first point: what came before was preparation. */
  firstPointSeconds: z.number().nonnegative().optional(),
  /** The end of the output, kept when the run failed. Candidate text: never trusted. */
  tail: z.string().max(4000).optional(),
})

/** What became of a trial: the content of `trial.json`. */
export type TrialResult = z.infer<typeof trialResultSchema>

/** True when bubblewrap held the code. Words that say anything else count as no sandbox. */
export function isSandboxed({ sandbox }: Pick<TrialResult, 'sandbox'>): boolean {
  return /^bubblewrap\b/.test(sandbox)
}

/** The values of the runs that have one. */
export function measuredValues(results: readonly TrialResult[]): number[] {
  return results.flatMap((result) => (result.value === undefined ? [] : [result.value]))
}

/** The name under which the GPU job leaves a result, in a folder named after the trial. */
export const TRIAL_FILE = 'trial.json'
