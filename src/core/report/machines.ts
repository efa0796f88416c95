// What each class of machines costs and brings. Numbers are compared only within a class, so each pays for a baseline of its own.
import { knownCandidates } from '../record/candidates.ts'
import { undoneMerges } from '../record/merges.ts'
import type { State } from '../record/state.ts'
import { visibleText } from '../text/markdown.ts'
import { formatSeconds } from '../text/numbers.ts'

/** A class of machines: a testbed, which names device, driver and framework. */
interface MachineClass {
  testbed: string
  trials: number
  deviceSeconds: number
  /** The part of it that runs of baselines took. */
  baselineSeconds: number
  /** Merges that were decided by its runs and not reverted. */
  merges: number
}

export interface MachineTally {
  /** Those that took most time first. */
  classes: readonly MachineClass[]
  /** Device time of archived trials, of which the machine is not known any more. */
  archivedSeconds: number
  /** Value of a device hour, as configured. */
  hourDollars: number
}

/** Undefined while all trials ran on one class of machines: the totals of the report say everything then. */
export function tallyMachines(state: State, hourDollars: number): MachineTally | undefined {
  const byTestbed = Map.groupBy(state.trials.values(), ({ testbed }) => testbed)
  if (byTestbed.size < 2) return undefined
  const merges = mergesByTestbed(state)
  const classes = Array.from(byTestbed, ([testbed, results]): MachineClass => {
    const secondsOf = (some: typeof results) =>
      some.reduce((sum, { deviceSeconds }) => sum + deviceSeconds, 0)
    return {
      testbed,
      trials: results.length,
      deviceSeconds: secondsOf(results),
      baselineSeconds: secondsOf(results.filter(({ trial }) => trial.candidate === null)),
      merges: merges.get(testbed) ?? 0,
    }
  })
  return {
    classes: classes.toSorted((a, b) => b.deviceSeconds - a.deviceSeconds),
    archivedSeconds: state.archive.deviceMilliseconds / 1000,
    hourDollars,
  }
}

function mergesByTestbed(state: State): Map<string, number> {
  const undone = undoneMerges(state)
  const counts = new Map<string, number>()
  const last = new Map(Array.from(state.trials.values(), ({ trial, testbed }) => [trial.tree, testbed]))
  for (const { end, verdict, tree } of knownCandidates(state)) {
    // Older ledgers name no machine in verdicts.
    const testbed = verdict?.testbed ?? last.get(tree)
    if (end?.kind !== 'merged' || undone.has(end.commit) || testbed === undefined) continue
    counts.set(testbed, (counts.get(testbed) ?? 0) + 1)
  }
  return counts
}

export const MACHINE_COLUMNS = [
  'machine',
  'trials',
  'device time',
  'baseline share',
  'value',
  'merges',
  'device time per merge',
]

/** One row per class, as text that is not escaped. */
export function machineCells({ classes, hourDollars }: MachineTally): string[][] {
  return classes.map(({ testbed, trials, deviceSeconds, baselineSeconds, merges }) => [
    visibleText(testbed, 200),
    `${trials}`,
    formatSeconds(deviceSeconds),
    deviceSeconds > 0 ? `${Math.round((100 * baselineSeconds) / deviceSeconds)} %` : '–',
    `$${((deviceSeconds / 3600) * hourDollars).toFixed(2)}`,
    `${merges}`,
    merges === 0 ? '–' : formatSeconds(deviceSeconds / merges),
  ])
}

export function machineWords({ hourDollars, archivedSeconds }: MachineTally): string {
  const archived =
    archivedSeconds > 0
      ? ` ${formatSeconds(archivedSeconds)} of older trials are not divided by machine.`
      : ''
  return (
    `Numbers are compared only between equal machines, so each class measures the baseline for itself. A device hour is valued at ` +
    `$${hourDollars} (search.device-hour).${archived}`
  )
}
