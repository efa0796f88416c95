// Runs trials: trains the sealed tree of one commit in a sandbox, with a budget enforced from outside. If the configuration
// has an evaluator, it then runs that on data that training never saw.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Config, configIn } from '../../core/config/config.ts'
import { measurementHash } from '../../core/config/measurement.ts'
import { configUnder } from '../../core/plan/rules.ts'
import { type Outcome, TRIAL_FILE, type Trial, type TrialResult, trustOf } from '../../core/record/trial.ts'
import { runsAlone } from '../../core/trial/batch.ts'
import type { CutPlan } from '../../core/trial/curve.ts'
import type { Measurement } from '../../core/trial/metric.ts'
import type { Slot } from '../../core/trial/slots.ts'
import { UserFacingError } from '../../errors.ts'
import type { Trainer } from '../../ports/trainer.ts'
import { keepFolder, makeFolder, removeFolder } from '../leftovers.ts'
import { openSandbox } from '../sandbox/sandbox.ts'
import {
  outOf,
  type Place,
  type PreparedBaseline,
  type RunContext,
  type TrainerOptions,
  type TrialContext,
} from './context.ts'
import { assertStillThere, claimDevices } from './device.ts'
import { evaluate } from './evaluation.ts'
import { measure } from './measure.ts'
import { endedWell } from './run-command.ts'
import { assertHidden, prepareData } from './setup.ts'
import { wholeMachine } from './slots.ts'
import { train } from './training.ts'

const TAIL_CHARACTERS = 4000
/** A failed trial keeps the end of its output as the reason; the output of these two explains nothing. */
const OUTCOMES_WITHOUT_TAIL: ReadonlySet<Outcome> = new Set(['measured', 'cut'])

/** @returns a trainer that prepares data once and then runs one trial at a time in each slot */
export function createTrainer(options: TrainerOptions): Trainer {
  const baselines = new Map<string, Promise<PreparedBaseline>>()
  const slots = options.slots ?? [wholeMachine()]
  const free = [...slots]
  const told = new Set<string>()
  return {
    testbed: options.testbed,
    slots: slots.length,
    async run(trial, signal, cut) {
      const slot = free.shift()
      if (slot === undefined) throw new Error(`trial ${trial.id} was started while every slot is in use`)
      try {
        const preparing = baselines.get(trial.base) ?? prepareBaseline(options, trial.base, signal)
        baselines.set(trial.base, preparing)
        const baseline = forPurpose(await preparing, trial)
        const place = await placeOf(baseline, trial, slot)
        const environment = { ...options.environment, ...place.slot.environment }
        const claim = await claimDevices({ ...options, environment, signal })
        const isShared = slots.length > 1 && !runsAlone(trial)
        const context = {
          ...baseline,
          options: { ...options, testbed: place.testbed },
          claim,
          slot: place.slot,
          isShared,
          told,
        }
        return await runTrial(context, trial, signal, cut)
      } finally {
        free.push(slot)
      }
    },
  }
}

/** Reads the baseline's configuration, opens the sandbox that it names, and prepares its data. */
async function prepareBaseline(
  options: TrainerOptions,
  base: string,
  signal: AbortSignal,
): Promise<PreparedBaseline> {
  const { repository, configPath: path } = options
  const text = await repository.readFile(base, path)
  const config = configIn(text, { path, where: 'the baseline branch', commit: base })
  await assertHidden(options.cacheDirectory, config.sandbox.read)
  const sandbox = await openSandbox(config.sandbox.kind)
  return { options, config, sandbox, prepared: await prepareData(options, config, base, signal) }
}

/**
 * Certification may use its own evaluator, and a larger scale has its own command and budget.
 *
 * @throws UserFacingError when the configuration has no such scale
 */
function forPurpose(baseline: PreparedBaseline, { base, protocol }: Trial): PreparedBaseline {
  const config = configUnder(baseline.config, protocol)
  if (config) return { ...baseline, config }
  throw new UserFacingError(`the configuration at ${base.slice(0, 7)} has no scale ${protocol.scale}`, {
    hint: 'Run the workflow again: the promotion starts again with the scales that the baseline has now.',
  })
}

/** A trial that has the machine to itself may take more devices than its slot has. */
async function placeOf({ options, config }: PreparedBaseline, trial: Trial, slot: Slot): Promise<Place> {
  const { testbed, alone } = options
  if (!runsAlone(trial) || !alone) return { slot, testbed }
  const scale = config.ladder?.larger.find(({ name }) => name === trial.protocol.scale)
  return alone(scale?.devicesPerTrial)
}

/** @throws UserFacingError when a candidate changes more than it may */
async function sealedTree({ options, config }: TrialContext, trial: Trial): Promise<string> {
  const sealed = await options.repository.sealedTree(trial.base, trial.head, config.editable)
  // A baseline keeps the name of an earlier tree that differs only in files which nothing reads. An A/A candidate changes no
  // editable file, so its sealed tree must equal the baseline's tree.
  if (trial.candidate === null && trial.head === trial.base) return sealed
  if (sealed === (trial.aa ? await options.repository.treeOf(trial.base) : trial.tree)) return sealed
  throw new UserFacingError(
    `${trial.head.slice(0, 7)} changes files outside \`editable\`; it was not trained`,
    { hint: 'Close its pull request. The static gate should have refused it: please report this.' },
  )
}

async function runTrial(
  context: TrialContext,
  trial: Trial,
  signal: AbortSignal,
  cut: CutPlan | undefined,
): Promise<TrialResult> {
  const { options } = context
  const { repository } = options
  const sealed = await sealedTree(context, trial)
  const results = join(options.resultsDirectory, trial.id)
  const scratch = await makeFolder(options.scratchDirectory, 'trial')
  try {
    for (const directory of [join(scratch, 'out'), results]) await mkdir(directory, { recursive: true })
    const run = { ...context, repository, sealed, base: trial.base, scratch }
    const ran = await trainAndMeasure(run, trial, signal, cut)
    await writeFile(join(results, 'log.txt'), ran.log)
    await assertStillThere(context.claim)
    // A run that was cancelled says nothing about the code, but its result would look like a crash.
    if (!signal.aborted)
      await writeFile(join(results, TRIAL_FILE), `${JSON.stringify(ran.result, null, 2)}\n`)
    return ran.result
  } finally {
    // The runner sets RUNNER_DEBUG when a person enables debug logging.
    if (options.environment.RUNNER_DEBUG === '1') {
      keepFolder(scratch)
      options.log.info(`Debug logging is on: kept the folder of this trial: ${scratch}`)
    } else await removeFolder(scratch)
  }
}

async function trainAndMeasure(
  context: RunContext,
  trial: Trial,
  signal: AbortSignal,
  cut: CutPlan | undefined,
): Promise<{ result: TrialResult; log: string }> {
  const { options, config, sandbox } = context
  const training = await train(context, trial, signal, cut)
  const evaluation =
    config.evaluate !== undefined && endedWell(training)
      ? await evaluate(context, trial, signal, config.evaluate)
      : undefined
  const measured = await measure(config, trial, training, evaluation, outOf(context))
  if (trial.candidate === null && measured.outcome === 'not-reached')
    options.log.warn(describeUnreached(measured.reason ?? ''))
  const log = training.log + (evaluation ? describeEvaluation(config.metric, measured) : '')
  const trainingSeconds = milliseconds(training.wallSeconds)
  const wallSeconds = milliseconds(training.wallSeconds + (evaluation?.wallSeconds ?? 0))
  const { peakMemoryBytes } = training.exit
  const result: TrialResult = {
    trial,
    config: measurementHash(config),
    testbed: options.testbed,
    sandbox: sandbox.description.slice(0, 200),
    trust: trustOf(config),
    runId: options.runId,
    runAttempt: options.runAttempt,
    ...measured,
    wallSeconds,
    ...(evaluation ? { trainingSeconds } : {}),
    deviceSeconds:
      milliseconds(wallSeconds + (training.discardedSeconds ?? 0)) *
      Math.max(1, context.claim.devices.length),
    ...(peakMemoryBytes === undefined ? {} : { peakMemoryBytes }),
    curve: [...training.reader.curve],
    ...(training.firstPointSeconds === undefined
      ? {}
      : { firstPointSeconds: milliseconds(training.firstPointSeconds) }),
    ...(OUTCOMES_WITHOUT_TAIL.has(measured.outcome) ? {} : { tail: log.slice(-TAIL_CHARACTERS) }),
  }
  return { result, log }
}

/** All that a log says of an evaluation: what was printed there may come from a model that was shown the evaluation data. */
function describeEvaluation({ name }: Config['metric'], { value, reason }: Measurement): string {
  return `\n[evaluation]\n${value === undefined ? reason : `${name}: ${value}`}\n`
}

function describeUnreached(reason: string): string {
  return `A run of the baseline did not reach its target: ${reason}. A candidate of which one run does not reach it is rejected. Raise \`budget\`, or choose a \`metric.target\` that every run of the baseline reaches.`
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
