// What trials work with: the options of the job, what all trials of one baseline share, and what one trial has.
import { join } from 'node:path'
import type { Config } from '../../core/config/config.ts'
import type { Slot } from '../../core/trial/slots.ts'
import type { Clock, Log } from '../../ports/job.ts'
import type { GitRepository } from '../git/repository.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { Claim } from './device.ts'
import type { RunSource } from './run-places.ts'
import type { PreparedData } from './setup.ts'

export interface TrainerOptions {
  repository: GitRepository
  clock: Clock
  log: Log
  testbed: string
  /** The parts of this machine, each for one trial at a time. Default: one, the whole machine. */
  slots?: readonly Slot[]
  /** The part of the machine, and its description, for a trial that has it to itself. Default: the first slot. */
  alone?: (devicesPerTrial: number | 'all' | undefined) => Promise<Place>
  configPath: string
  /** Folder for results and logs, with one subfolder per trial. */
  resultsDirectory: string
  /** Folder for the data that `setup` prepared, kept between jobs on this machine. */
  cacheDirectory: string
  /** Folder for the temporary files of a trial. A killed job leaves them there until a later job or the runner removes them. */
  scratchDirectory: string
  /** The action's `python/` folder, which makes Python trials use the harness's seeds. */
  shimDirectory: string
  /** The environment of this process; training sees only the names on the allowlist. */
  environment: NodeJS.ProcessEnv
  /** Secrets that must not appear in a candidate's output. */
  secrets: readonly string[]
  /** The workflow run that trains, and the number of its attempt. */
  runId: string
  runAttempt: number
}

/** Where a trial runs. */
export interface Place {
  slot: Slot
  testbed: string
}

/** What all trials of one baseline share: its configuration, prepared data and sandbox. */
export interface PreparedBaseline {
  options: TrainerOptions
  config: Config
  sandbox: Sandbox
  prepared: PreparedData
}

/** Everything one trial needs. */
export interface TrialContext extends PreparedBaseline {
  slot: Slot
  /** Other trials run on this machine at the same time. */
  isShared: boolean
  claim: Claim
  /** Training commands of which people were told that they run long. */
  told: Set<string>
}

/** Everything the commands of one trial need. */
export interface RunContext extends TrialContext, Pick<RunSource, 'repository' | 'sealed' | 'base'> {
  /** The temporary folder of this trial. */
  scratch: string
}

/** The host's folder for what training leaves, `$AUTORESEARCH_OUT`. */
export function outOf({ scratch }: Pick<RunContext, 'scratch'>): string {
  return join(scratch, 'out')
}
