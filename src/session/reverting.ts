// Publishes certifications: the check run on the baseline, and the pull request that reverts a merge.
import { REVERT_PROPOSER, revertWords } from '../core/certify/revert.ts'
import { NO_USAGE } from '../core/record/candidate.ts'
import type { Certification } from '../core/record/certification.ts'
import type { Undoing } from '../core/record/merges.ts'
import { certificationCheck } from '../core/report/certification-check.ts'
import { describeMerge } from '../core/report/describe.ts'
import { renderCandidateMessage } from '../core/report/pull-request.ts'
import { recordMade } from './candidates.ts'
import type { Session } from './session.ts'

/** Shows a certification on the commit it ends at. */
export async function announce(session: Session, certification: Certification): Promise<void> {
  const { config, state, settings } = session
  const check = certificationCheck({ certification, state, config }, settings.runUrl)
  await session.ports.forge.putCheckRun(certification.to, check)
  session.record([{ kind: 'announced', from: certification.from, to: certification.to }])
}

/** Makes the candidate that reverts a merge. It is opened and merged like any other candidate. */
export async function revert(session: Session, undoing: Undoing): Promise<void> {
  const { repository } = session.ports
  const { baseline: onto, state } = session
  const words = revertWords(state, undoing)
  const message = renderCandidateMessage(words.title, words.hypothesis)
  const reverted = await repository.revert({ commit: undoing.merge, onto: onto.commit, message })
  if (reverted.kind === 'conflict')
    return leaveToPerson(session, undoing, 'later changes build on it, so a person has to revert it')
  if (reverted.tree === (await repository.treeOf(onto.commit)))
    return leaveToPerson(session, undoing, 'the baseline no longer contains it')
  const { commit: head, tree } = reverted
  const changes = await repository.changes(onto.commit, head)
  const facts = {
    ...words,
    proposer: REVERT_PROPOSER,
    usage: NO_USAGE,
    origin: { kind: 'revert', merge: undoing.merge },
  } as const
  recordMade(session, { base: onto.commit, head, tree, changes }, facts)
}

function leaveToPerson(session: Session, { merge, reason: why }: Undoing, reason: string): void {
  session.record([{ kind: 'not-reverted', commit: merge, reason }])
  session.ports.log.warn(`${describeMerge(session.state, merge)}: ${why}. It stays: ${reason}`)
}
