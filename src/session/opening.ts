// Opens the session of a command: reads the ledger and the configuration, and creates the ledger in the very first run.
import type { Config } from '../core/config/config.ts'
import { dueCheckpoint } from '../core/judge/checkpoint.ts'
import { CANDIDATE_BRANCH_PREFIX } from '../core/record/candidate.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../core/record/events.ts'
import { endedCheck } from '../core/report/check.ts'
import { candidateMarker, renderEndComment } from '../core/report/comment.ts'
import { ConfigError, LedgerError } from '../errors.ts'
import type { BranchUpdate, RemoteBranches } from '../ports/repository.ts'
import { Journal } from './journal.ts'
import type { Ports } from './ports.ts'
import { type Place, readConfig, readNamedFiles } from './read-config.ts'
import { reconcileSession } from './reconciling.ts'
import { Session } from './session.ts'
import type { SessionSettings } from './settings.ts'

/**
 * Opens a session. The very first run creates the baseline branch and the ledger, both or neither.
 *
 * @throws ConfigError when the configuration is missing or wrong
 * @throws LedgerError when the ledger is missing or broken
 * @throws BusyError when another job works on the repository
 */
export async function openSession(ports: Ports, settings: SessionSettings): Promise<Session> {
  await ports.lease?.take()
  const remote = await ports.repository.remoteBranches()
  const { defaultBranch } = remote
  const origin = { branch: defaultBranch, commit: defaultCommit(remote) }
  const first = await readConfig(ports.repository, origin, settings.configPath)
  const journal = await Journal.open(ports.ledger, ports.clock)
  const baseline = remote.commits.get(first.baseline)
  if (journal.isEmpty && baseline !== undefined && !settings.newLedger) throw missingLedger(first.baseline)

  const commit = baseline ?? origin.commit
  if (journal.isEmpty) {
    // Checked before the baseline branch exists: a mistake found later would need fixing on two branches.
    await readNamedFiles(ports.repository, first, origin, settings.configPath)
    const tree = await ports.repository.treeOf(commit)
    const events: LedgerEvent[] = [
      { kind: 'started', rootSeed: settings.rootSeed, format: LEDGER_FORMAT },
      { kind: 'baseline', commit, tree, cause: 'started' },
    ]
    await closeOfLostLedger(ports, first, remote)
    const start = { branch: first.baseline, from: baseline ?? null, to: commit }
    journal.record(events, [start, ...deletionsOfLostLedger(remote)])
    await journal.flushed()
    ports.log.info(`Created ${first.baseline} at ${commit.slice(0, 7)} and the ledger`)
  }
  const session = new Session(ports, settings, journal, first)
  journal.writeCheckpointsWhen((state) => {
    const { metric, guards } = session.config
    return dueCheckpoint(state, metric.direction, undefined, guards)
  })
  // This release continues a ledger of an older one: later readers must know the format of the new lines.
  if (session.state.format < LEDGER_FORMAT) session.record([{ kind: 'format', format: LEDGER_FORMAT }])
  await reconcileSession(session)
  session.decide()
  await logIgnoredConfig(session, origin)
  if (settings.certify) session.requestCertification()
  if (settings.promote) session.requestPromotion()
  // Recorded at once, because only this job knows it.
  session.recordDispatch()
  return session
}

/** Closes the pull requests of candidates that only a lost ledger knew, and concludes their checks. */
async function closeOfLostLedger(
  { forge }: Ports,
  config: Config,
  { commits }: RemoteBranches,
): Promise<void> {
  if (!commits.has(config.baseline)) return
  const reason = 'the ledger that knew this candidate was lost, and a new one was started'
  for (const { number, branch, head } of await forge.openPullRequests(config.baseline)) {
    if (!branch.startsWith(CANDIDATE_BRANCH_PREFIX)) continue
    const id = branch.slice(CANDIDATE_BRANCH_PREFIX.length)
    await forge.putCheckRun(head, endedCheck(config, reason))
    await forge.putComment(number, candidateMarker(id), renderEndComment({ id }, reason))
    await forge.close(number)
  }
}

function deletionsOfLostLedger({ commits }: RemoteBranches): BranchUpdate[] {
  return [...commits]
    .filter(([branch]) => branch.startsWith(CANDIDATE_BRANCH_PREFIX))
    .map(([branch, from]) => ({ branch, from, to: null }))
}

/** Logs which configuration is used, because people edit the copy on the default branch and wonder why nothing changes. */
async function logIgnoredConfig(
  { ports, settings, config, baseline }: Session,
  origin: Place,
): Promise<void> {
  const read = (commit: string) => ports.repository.readFile(commit, settings.configPath)
  if ((await read(origin.commit)) === (await read(baseline.commit))) return
  ports.log.info(
    `Using ${settings.configPath} on ${config.baseline}; the different copy on ${origin.branch} is ignored. Edit it on ${config.baseline}.`,
  )
}

/**
 * Warns about files that the configuration names and the baseline does not have. For jobs that propose.
 *
 * @throws ConfigError when no file may change
 */
export async function warnOfAbsentFiles({ ports, settings, config, baseline }: Session): Promise<void> {
  const place = { branch: config.baseline, commit: baseline.commit }
  const warnings = await readNamedFiles(ports.repository, config, place, settings.configPath)
  for (const warning of warnings) ports.log.warn(warning)
}

function defaultCommit(remote: RemoteBranches): string {
  const commit = remote.commits.get(remote.defaultBranch)
  if (commit !== undefined) return commit
  throw new ConfigError(`the repository has no commit on ${remote.defaultBranch}`, {
    hint: 'Push your training code first.',
  })
}

function missingLedger(baseline: string): LedgerError {
  return new LedgerError(
    `the branch ${baseline} exists, but the ledger branch autoresearch/ledger does not`,
    {
      hint: 'If the ledger was deleted, restore it. To start a new ledger on this baseline, write `new-ledger: true` under `with:` of the action in the workflow for one run.',
    },
  )
}
