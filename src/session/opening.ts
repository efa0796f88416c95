// Every command begins here: reads the ledger and the configuration, and on the very first run creates the ledger.

import { LEDGER_FORMAT, type LedgerEvent } from '../core/record/events.ts'
import { ConfigError, LedgerError } from '../errors.ts'
import type { RemoteBranches } from '../ports.ts'
import { Journal } from './journal.ts'
import { readConfig, readNamedFiles } from './read-config.ts'
import { reconcileSession } from './reconciling.ts'
import { type Ports, Session, type SessionSettings } from './session.ts'

interface Origin {
  branch: string
  commit: string
}

/**
 * Opens a session; on the very first run it creates the baseline branch and the ledger, both or neither.
 *
 * @throws ConfigError when the configuration is missing or wrong
 * @throws LedgerError when the ledger is missing or broken
 */
export async function openSession(ports: Ports, settings: SessionSettings): Promise<Session> {
  const remote = await ports.repository.remoteBranches()
  const { defaultBranch } = remote
  const origin = { branch: defaultBranch, commit: defaultCommit(remote) }
  const first = await readConfig(ports.repository, origin, settings.configPath)
  const journal = await Journal.open(ports.ledger, ports.clock)
  const baseline = remote.commits.get(first.baseline)
  if (journal.isEmpty && baseline !== undefined && !settings.newLedger) throw missingLedger(first.baseline)

  const commit = baseline ?? origin.commit
  if (journal.isEmpty) {
    // Before there is a second branch on which it would have to be mended, too.
    await readNamedFiles(ports.repository, first, origin, settings.configPath)
    const tree = await ports.repository.treeOf(commit)
    const events: LedgerEvent[] = [
      { kind: 'started', rootSeed: settings.rootSeed, format: LEDGER_FORMAT },
      { kind: 'baseline', commit, tree, cause: 'started' },
    ]
    journal.record(events, [{ branch: first.baseline, from: baseline ?? null, to: commit }])
    await journal.flushed()
    ports.log.info(`Created ${first.baseline} at ${commit.slice(0, 7)} and the ledger`)
  }
  const session = new Session(ports, settings, journal, first)
  // Whoever reads on has to know in which format: an older release continued by this one.
  if (session.state.format < LEDGER_FORMAT) session.record([{ kind: 'format', format: LEDGER_FORMAT }])
  await reconcileSession(session)
  session.decide()
  await tellWhichConfig(session, origin)
  if (settings.certify) session.askForCertification()
  // At once, because it is known to this job only.
  session.recordDispatch()
  return session
}

/** People mend the configuration where they wrote it, and wonder why nothing happens. */
async function tellWhichConfig(
  { ports, settings, config, baseline }: Session,
  origin: Origin,
): Promise<void> {
  const read = (commit: string) => ports.repository.readFile(commit, settings.configPath)
  if ((await read(origin.commit)) === (await read(baseline.commit))) return
  ports.log.info(
    `${settings.configPath} of ${config.baseline} counts; the one of ${origin.branch} differs from it`,
  )
}

/**
 * Says what the configuration names and the baseline does not have. For jobs that propose.
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
      hint: 'If the ledger was deleted, restore it. To begin a new ledger on this baseline, write `new-ledger: true` under `with:` of the action in the workflow for one run.',
    },
  )
}
