// Creates what runs candidate code on this machine: the trainer, and the checker for the quick checks of proposers.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { actionsLog } from '../adapters/actions.ts'
import { systemClock } from '../adapters/clock.ts'
import { createRepository } from '../adapters/git/repository.ts'
import { createChecker } from '../adapters/trainer/checks.ts'
import { slotsOf } from '../adapters/trainer/slots.ts'
import { describeTestbed } from '../adapters/trainer/testbed.ts'
import { createTrainer } from '../adapters/trainer/trainer.ts'
import type { Slot } from '../core/trial/slots.ts'
import type { Log } from '../ports/job.ts'
import type { Checker } from '../ports/proposer.ts'
import type { Trainer } from '../ports/trainer.ts'
import { gitContext, type Job, resultsDirectory, secretsHere } from './job.ts'

/** The action's own `python/` folder, beside `dist/`. */
const SHIM_DIRECTORY = fileURLToPath(new URL('../python', import.meta.url))

/** @param known the machine's slots. Default: those that are found */
export async function wireTrainer(
  job: Job,
  log: Log = actionsLog,
  shimDirectory = SHIM_DIRECTORY,
  known?: readonly [Slot, ...Slot[]],
): Promise<Trainer> {
  const { devicesPerTrial, sideBySide } = job.inputs
  const found = () => slotsOf(process.env, { devicesPerTrial, sideBySide }, (message) => log.warn(message))
  const slots = known ?? (await found())
  return createTrainer({
    repository: createRepository(gitContext(job)),
    clock: systemClock,
    log,
    testbed: await describeTestbed(process.env, slots),
    slots,
    alone: async (devices = devicesPerTrial) => {
      const division = { devicesPerTrial: devices, sideBySide: 1 }
      // Its other devices wait on purpose.
      const [slot] = await slotsOf(process.env, division, () => {})
      return { slot, testbed: await describeTestbed(process.env, [slot]) }
    },
    configPath: job.inputs.configPath,
    resultsDirectory: resultsDirectory(job),
    cacheDirectory: join(job.runner.cacheDirectory, 'autoresearch', job.runner.repository),
    scratchDirectory: job.runner.temporaryDirectory,
    shimDirectory,
    environment: process.env,
    secrets: secretsHere(job),
    runId: job.runner.runId,
    runAttempt: job.runner.runAttempt,
  })
}

export function wireChecker(job: Job): Checker {
  return createChecker({
    repository: createRepository(gitContext(job)),
    clock: systemClock,
    shimDirectory: SHIM_DIRECTORY,
    environment: process.env,
    secrets: secretsHere(job),
  })
}
