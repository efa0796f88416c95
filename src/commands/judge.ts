// The `judge` job: checks the results of the train jobs, decides, and merges or closes. It never runs candidate code.
import { isDeepStrictEqual } from 'node:util'
import { measurementHash } from '../core/config/measurement.ts'
import { reviewChanges } from '../core/gate/gate.ts'
import { reviewAa } from '../core/judge/aa.ts'
import { configUnder } from '../core/plan/rules.ts'
import { type Trial, type TrialResult, trustOf } from '../core/record/trial.ts'
import { describeTrial } from '../core/report/describe.ts'
import { visibleText } from '../core/text/markdown.ts'
import type { TrialBatch } from '../core/trial/batch.ts'
import { missingInRound } from '../core/trial/lost.ts'
import { checkResult, refuseForeign, sharedJobs } from '../core/trial/trust.ts'
import type { Results } from '../ports/trainer.ts'
import { forgeLane } from '../session/lanes/forge.ts'
import {
  assertBaselineTrains,
  warnOfStuckCertification,
  warnOfStuckPromotions,
} from '../session/obstacles.ts'
import { openSession } from '../session/opening.ts'
import type { Ports } from '../session/ports.ts'
import type { Session } from '../session/session.ts'
import type { SessionSettings } from '../session/settings.ts'

/** @returns the session, the trials to run next, and why results were refused */
export async function judgeResults(
  ports: Ports & { results: Results },
  settings: SessionSettings,
): Promise<{ session: Session; batches: TrialBatch[]; refused: string[] }> {
  const session = await openSession(ports, settings)
  // Not limited by cost: these runs are already paid for.
  const planned = session.planTrials()
  const assigned = new Map(planned.map((trial) => [trial.id, trial]))
  const refused: string[] = []
  const accepted: TrialResult[] = []
  const files = await ports.results.read()
  const jobs = sharedJobs(session.state, settings.dispatch?.id, assigned)
  const foreign = refuseForeign(
    files.filter((file) => file.kind === 'result'),
    jobs,
  )
  for (const file of files) {
    if (file.kind === 'result' && session.state.trials.has(file.result.trial.id)) continue
    const problem =
      file.kind === 'unreadable'
        ? file.problem
        : (foreign.get(file.name) ?? (await verify(session, assigned, file.result)))
    if (problem !== undefined) {
      const name = visibleText(file.name, 300)
      refused.push(`${name}: ${problem}`)
      ports.log.warn(`Refused ${name}: ${problem}`)
    } else if (file.kind === 'result') {
      ports.log.info(describeTrial(file.result))
      accepted.push(file.result)
    }
  }
  recordRound(session, accepted)
  recordLostTrials(session, assigned)
  await forgeLane(session)
  await session.flushed()
  assertBaselineTrains(session)
  warnOfStuckCertification(session)
  warnOfStuckPromotions(session)
  return { session, batches: session.batches, refused }
}

/** Records all results of a round before deciding, so that no verdict depends on the order they were read in. */
function recordRound(session: Session, results: readonly TrialResult[]): void {
  const byTestbed = Map.groupBy(results, ({ testbed }) => testbed)
  if (byTestbed.size > 1) session.ports.log.warn(explainKinds([...byTestbed.keys()]))
  for (const group of byTestbed.values()) {
    session.record(group.map((result) => ({ kind: 'trial', result }) as const))
    session.decide()
  }
}

function explainKinds(testbeds: readonly string[]): string {
  const names = testbeds.map((testbed) => visibleText(testbed, 100)).join('; ')
  return (
    `Results came from ${testbeds.length} kinds of machines (${names}). Numbers are compared only on the same kind, so the ` +
    'baseline is measured on each and some candidates are trained again. To avoid that, use a label in `runs-on` that only one kind has.'
  )
}

/** Records the trials of this round that returned no result. All train jobs have ended when this job starts. */
function recordLostTrials(session: Session, planned: ReadonlyMap<string, Trial>): void {
  const run = session.settings.dispatch?.id
  if (run === undefined) return
  const { missing, lost } = missingInRound(session.state, run, new Set(planned.keys()))
  if (missing.length === 0) return
  const { log } = session.ports
  log.warn(
    `No valid result for ${missing.join(', ')}; see the train jobs' logs. Without a log, no runner with the labels of the job took it within 24 hours`,
  )
  if (lost.length > 0) session.record([{ kind: 'lost', run, trials: lost }])
}

/** Compares a result with git and with the ledger. */
async function verify(
  session: Session,
  assigned: ReadonlyMap<string, Trial>,
  result: TrialResult,
): Promise<string | undefined> {
  const trial = assigned.get(result.trial.id)
  if (trial === undefined) return 'this trial is not outstanding'
  if (!isDeepStrictEqual(trial, result.trial)) return 'it is not the trial that was assigned'
  const config = configUnder(session.config, trial.protocol)
  if (config === undefined) return `the configuration has no scale ${trial.protocol.scale}`
  const problem = checkResult(session.state, result, {
    hash: measurementHash(config),
    isTimed: config.metric.source.kind === 'target',
    ...(config.metric.bounds && { bounds: config.metric.bounds }),
    guards: config.guards,
    trust: trustOf(config),
    sandboxKind: config.sandbox.kind,
  })
  if (problem !== undefined) return problem
  const refusal = await gateRefusal(session, result.trial)
  if (refusal !== undefined) return refusal
  // Of a baseline, `checkResult` has compared commit and tree with the ledger.
  if (result.trial.candidate === null) return undefined
  const tree = await session.ports.repository.treeOf(result.trial.head)
  return tree === result.trial.tree
    ? undefined
    : `it names tree ${result.trial.tree.slice(0, 7)}, but the commit has tree ${tree.slice(0, 7)}`
}

/** Applies the static gate again, to the git objects of the commit that was trained. */
async function gateRefusal(session: Session, { candidate, base, head }: Trial): Promise<string | undefined> {
  if (candidate === null) return undefined
  const changes = await session.ports.repository.changes(base, head)
  const origin = session.state.candidates.get(candidate)?.origin
  if (origin?.kind === 'aa') return reviewAa(changes, origin.number)
  const problems = reviewChanges(changes, session.config.editable, session.config.maxLiteralKib)
  return problems.length > 0 ? `the static gate refuses the change: ${problems.join(' ')}` : undefined
}
