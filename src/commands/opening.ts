// Every command begins here: reads the ledger and the configuration, and on the very first run creates the ledger.
import type { LedgerEvent } from '../core/ledger.ts'
import { ConfigError, LedgerError } from '../errors.ts'
import type { RemoteBranches } from '../ports.ts'
import { Journal } from './journal.ts'
import { readConfig } from './read-config.ts'
import { type Ports, Session, type SessionSettings } from './session.ts'

/**
 * Opens a session; on the very first run it creates the baseline branch and the ledger, both or neither.
 *
 * @throws ConfigError when the configuration is missing or wrong
 * @throws LedgerError when the ledger is missing or broken
 */
export async function openSession(ports: Ports, settings: SessionSettings): Promise<Session> {
  const remote = await ports.repository.remoteBranches()
  const first = await readConfig(ports.repository, defaultCommit(remote), settings.configPath)
  const text = await ports.ledger.read()
  const baseline = remote.commits.get(first.baseline)
  if (text === undefined && baseline !== undefined && !settings.newLedger) throw missingLedger(first.baseline)

  const journal = new Journal(ports.ledger, ports.clock, text ?? '')
  const commit = baseline ?? defaultCommit(remote)
  if (text === undefined) {
    const tree = await ports.repository.treeOf(commit)
    const events: LedgerEvent[] = [
      { kind: 'started', rootSeed: settings.rootSeed },
      { kind: 'baseline', commit, tree, cause: 'started' },
    ]
    journal.record(events, [{ branch: first.baseline, from: baseline ?? null, to: commit }])
    await journal.flushed()
    ports.log.info(`Created ${first.baseline} at ${commit.slice(0, 7)} and the ledger`)
  }
  const session = new Session(ports, settings, journal, first)
  await session.reconcile()
  if (settings.certify) session.askForCertification()
  // At once, because it is known to this job only.
  session.takeDispatch()
  return session
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
      hint: 'If the ledger was deleted, restore it. To begin a new ledger on this baseline, run once with the input `new-ledger: true`.',
    },
  )
}
