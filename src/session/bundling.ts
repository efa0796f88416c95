// Makes bundles of near misses, and the candidates that take merged bundles apart: changes that git can make without a proposer.
import { reviewChanges } from '../core/gate/gate.ts'
import {
  BUNDLE_PROPOSER,
  bundleCandidates,
  bundleWords,
  dueLeaveOuts,
  isWorthBundling,
  type LeaveOut,
  leaveOutWords,
} from '../core/propose/bundles.ts'
import { explainRepetition } from '../core/propose/novelty.ts'
import { type Candidate, NO_USAGE, type Origin, type Proposal } from '../core/record/candidate.ts'
import type { Replayed } from '../ports/repository.ts'
import { commitProposal, recordMade } from './candidates.ts'
import type { Session } from './session.ts'

/**
 * Makes a bundle, or a candidate that takes one apart, if one is due.
 *
 * @returns true when a candidate was made
 */
export async function proposeDueBundle(session: Session): Promise<boolean> {
  for (const due of dueLeaveOuts(session.state, session.policy)) if (await leaveOut(session, due)) return true
  return bundle(session)
}

/** Merges as many near misses as may be bundled, the most promising first; one that conflicts with those before is passed over. */
async function bundle(session: Session): Promise<boolean> {
  const { state, conditions, policy, config, baseline } = session
  const isDue = (members: readonly Candidate[]) =>
    isWorthBundling(state, conditions, policy, members) && members.length <= config.search.bundle
  const found = config.search.bundle > 0 ? bundleCandidates(state, conditions) : []
  const attempt = ['bundle', baseline.commit, ...found.map(({ id }) => id)].join(' ')
  if (!isDue(found.slice(0, config.search.bundle)) || session.wasTried(attempt)) return false
  const members: Candidate[] = []
  let onto = baseline.commit
  for (const candidate of found) {
    if (members.length === config.search.bundle) break
    const { base: from, head: to } = candidate
    const merged = await changed(session, { from, to, onto })
    if (merged === undefined) continue
    members.push(candidate)
    onto = merged
  }
  const origin = { kind: 'bundle', members: members.map(({ id }) => id) } as const
  return isDue(members) && propose(session, onto, bundleWords(members), origin)
}

async function leaveOut(session: Session, due: LeaveOut): Promise<boolean> {
  const { bundle, member } = due
  const onto = session.baseline.commit
  if (session.wasTried(['leave out', onto, member.id].join(' '))) return false
  const without = await changed(session, { from: member.head, to: member.base, onto })
  const origin = { kind: 'leave-out', bundle: bundle.id, member: member.id } as const
  return without !== undefined && propose(session, without, leaveOutWords(due), origin)
}

/** The commit of a change on other code; undefined when it conflicts, changes nothing or is no longer in the repository. */
async function changed(
  { ports: { repository, log } }: Session,
  change: { from: string; to: string; onto: string },
): Promise<string | undefined> {
  const replayed = await repository.reapply(change).catch((error: Error): Replayed => {
    log.info(`No bundle with the change up to ${change.to.slice(0, 7)}: ${error.message}`)
    return { kind: 'conflict' }
  })
  if (replayed.kind === 'conflict') return undefined
  return replayed.tree === (await repository.treeOf(change.onto)) ? undefined : replayed.commit
}

/** Makes one commit on the baseline of all that leads to `commit`. */
async function propose(
  session: Session,
  commit: string,
  words: Omit<Proposal, 'files'>,
  origin: Extract<Origin, { kind: 'bundle' | 'leave-out' }>,
): Promise<boolean> {
  const { baseline, config, state, ports } = session
  const changes = await ports.repository.changes(baseline.commit, commit)
  const policy = { similarity: 1, retryAfterMerges: config.search.retryAfterMerges }
  const refusal =
    reviewChanges(changes, config.editable, config.maxLiteralKib)[0] ??
    explainRepetition(state, changes, policy, [], await session.archivedIdeas())
  if (refusal !== undefined) {
    ports.log.info(`No candidate "${words.title}": ${refusal}`)
    return false
  }
  const files = new Map(changes.map(({ path, after = null }) => [path, after]))
  const made = await commitProposal(session, baseline, { ...words, files })
  recordMade(session, made, { ...words, proposer: BUNDLE_PROPOSER, usage: NO_USAGE, origin })
  return true
}
