// Trains the baseline up to three times for `doctor`: with a seed, with another one, and with the first one again.
import type { DoctorRuns } from '../../core/doctor/training.ts'
import type { Trial, TrialResult } from '../../core/record/trial.ts'
import { JUDGE, trialId, trialSeed } from '../../core/trial/protocol.ts'
import type { Clock, Log } from '../../ports/job.ts'
import type { Repository } from '../../ports/repository.ts'
import type { Trainer } from '../../ports/trainer.ts'

export interface RunPorts {
  repository: Repository
  openTrainer(): Promise<Trainer>
  clock: Clock
  log: Log
  cancelled: AbortSignal
}

/** Not a seed of any ledger: these runs measure nothing that is kept. */
const ROOT_SEED = 'doctor'

/** @param timeBudgetSeconds no run starts that could end after it */
export async function trainBaseline(
  ports: RunPorts,
  commit: string,
  timeoutSeconds: number,
  timeBudgetSeconds: number,
): Promise<DoctorRuns> {
  const { clock, log, cancelled } = ports
  const started = clock.monotonicSeconds()
  const tree = await ports.repository.treeOf(commit)
  const trainer = await ports.openTrainer()
  const train = async (replicate: number, seedOf: number): Promise<TrialResult> => {
    log.info(`Training the baseline: run ${replicate} of 3`)
    const trial: Trial = {
      id: trialId(tree, replicate),
      candidate: null,
      base: commit,
      head: commit,
      tree,
      replicate,
      seed: trialSeed(ROOT_SEED, tree, seedOf),
      protocol: JUDGE,
    }
    return trainer.run(trial, cancelled)
  }
  const isTime = () =>
    !cancelled.aborted && clock.monotonicSeconds() - started + timeoutSeconds <= timeBudgetSeconds
  const first = await train(1, 1)
  if (first.value === undefined || !isTime()) return { first }
  const other = await train(2, 2)
  return isTime() ? { first, other, again: await train(3, 1) } : { first, other }
}
