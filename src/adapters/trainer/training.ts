// Trains the code of one trial: in copies of its own, with the baseline's compiler caches, and twice where the first run compiled
// for long.
import { mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Config } from '../../core/config/config.ts'
import { wallAllowanceSeconds } from '../../core/judge/counted-runs.ts'
import type { Trial } from '../../core/record/trial.ts'
import { mayBeCut } from '../../core/trial/batch.ts'
import type { CutPlan } from '../../core/trial/curve.ts'
import { isJudgeTrial } from '../../core/trial/protocol.ts'
import { TargetWatch } from '../../core/trial/target.ts'
import { removeTree } from '../remove-tree.ts'
import { GentleEnd } from '../sandbox/request.ts'
import { type CompilerCaches, compilerCaches } from './compiled.ts'
import { outOf, type RunContext, type TrialContext } from './context.ts'
import type { EarlyEnd, Goal } from './curve-follower.ts'
import { metered } from './device-meter.ts'
import { type Ran, ranToItsEnd, runCommand } from './run-command.ts'
import { makeCopies, moveOutputs } from './run-places.ts'

/** Compilation that took less than this, or less than this share of a run, is within the noise of most metrics. */
const SHORT_COMPILATION = { seconds: 2, share: 0.05 }

/**
 * Trains once; the first run of a baseline whose compilers worked for long, twice. A script that watches the clock gets less far
 * while it compiles. Later runs start with that cache, so the cold run would make the baseline look worse than it is.
 */
export async function train(
  context: RunContext,
  trial: Trial,
  signal: AbortSignal,
  cut: CutPlan | undefined,
): Promise<Ran> {
  const { options, scratch } = context
  const early = earlyEnd(context, trial, cut)
  const first = await trainOnce(context, trial, signal, early)
  const { compiledSeconds, wallSeconds } = first
  const isShort =
    compiledSeconds < SHORT_COMPILATION.seconds || compiledSeconds < SHORT_COMPILATION.share * wallSeconds
  if (isShort || !isJudgeTrial(trial) || signal.aborted) return first
  options.log.info(
    `The first run of this baseline compiled for ${Math.ceil(compiledSeconds)}s. It is trained again with the compiler caches that it filled, and only the second run counts.`,
  )
  for (const name of await readdir(scratch)) await removeTree(join(scratch, name))
  await mkdir(outOf(context))
  const second = await trainOnce(context, trial, signal, early)
  return { ...second, discardedSeconds: wallSeconds }
}

async function trainOnce(
  context: RunContext,
  trial: Trial,
  signal: AbortSignal,
  early: EarlyEnd | undefined,
): Promise<Ran & { compiledSeconds: number }> {
  const { options, config, prepared, scratch } = context
  const { source, own } = await makeCopies(context, scratch)
  const compiled = join(scratch, 'compiled')
  const caches = await cachesOf(context, trial)
  await caches.open(compiled)
  const out = outOf(context)
  const { ran, mebibytes } = await metered(context.claim.devices, () =>
    runCommand(context, trial, signal, {
      command: config.train,
      places: {
        ...{ source, out, data: prepared.data, shim: options.shimDirectory },
        own: { ...own, compiled },
      },
      outWritable: true,
      timeoutSeconds: config.timeoutSeconds,
      early,
      goal: goalOf(config, trial),
    }),
  )
  const trained = { ...ran, deviceMebibytes: mebibytes, compiledSeconds: 0 }
  if (!ranToItsEnd(ran)) return trained
  if (mebibytes === 0) options.log.warn(describeIdleDevice(options.testbed, trial))
  if (trial.candidate === null) {
    trained.compiledSeconds = await caches.keep(compiled)
    warnOfLongRun(context, ran.wallSeconds)
  }
  await moveOutputs(source, out, config.outputs)
  return trained
}

/**
 * Only candidates are ended early; baseline runs are the reference and run to their end. A cut plan applies only on the
 * testbed whose curves it was made from.
 */
function earlyEnd(
  { options, config }: TrialContext,
  trial: Trial,
  plan: CutPlan | undefined,
): EarlyEnd | undefined {
  if (config.cutBelow === undefined || trial.candidate === null) return undefined
  return plan?.testbed === options.testbed && mayBeCut(trial) ? { plan } : {}
}

/** Time in which a script that is stopped at its target can save what an evaluator measures. */
const SAVING_SECONDS = 30

/** Training goes on behind the target only where its own output has to say more. */
function goalOf({ metric, guards, evaluate }: Config, trial: Trial): Goal | undefined {
  if (metric.source.kind !== 'target') return undefined
  const isReadOn =
    evaluate === undefined && isJudgeTrial(trial) && guards.some(({ source }) => source.kind !== 'outside')
  const end = new GentleEnd(evaluate === undefined ? 1 : SAVING_SECONDS)
  return { watch: new TargetWatch(metric.source), ...(!isReadOn && { end }) }
}

async function cachesOf({ options, config, prepared }: RunContext, { base }: Trial): Promise<CompilerCaches> {
  const { repository, testbed } = options
  const directory = join(dirname(prepared.data), 'compiled')
  return compilerCaches(directory, await repository.treeOf(base), { train: config.train, testbed })
}

/** Limits on device time count with the budget, and people read it as the time of a run. Said once per command. */
function warnOfLongRun({ options, config, told }: RunContext, wallSeconds: number): void {
  if (wallSeconds <= wallAllowanceSeconds(1.2 * config.budgetSeconds) || told.has(config.train)) return
  told.add(config.train)
  const [took, budget] = [wallSeconds, config.budgetSeconds].map((seconds) => `${Math.ceil(seconds)}s`)
  options.log.warn(
    `A run of the baseline took ${took}, and \`budget\` is ${budget}. If the script trains for fixed steps, write \`budget: ${took}\`. If it should watch the clock, let it stop after $AUTORESEARCH_BUDGET_SECONDS.`,
  )
}

function describeIdleDevice(testbed: string, { id }: Trial): string {
  return `Trial ${id} is recorded as trained on ${testbed}, but its training used no device memory, so it ran on the processor. Check that the framework finds the device inside the sandbox. To train without a device, set CUDA_VISIBLE_DEVICES to an empty value.`
}
