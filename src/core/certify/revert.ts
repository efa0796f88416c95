// Reverts a merge that certification refuted, by a pull request whose verdict comes from the fresh runs alone.
import { type Proposal, revertedMerge } from '../record/candidate.ts'
import { type Certification, isRefuted, rangeKey } from '../record/certification.ts'
import type { LedgerEvent } from '../record/events.ts'
import { candidateMergedAs, refutationOf } from '../record/merges.ts'
import { openCandidates, type State } from '../record/state.ts'
import type { Verdict } from '../record/verdict.ts'

/** The proposer that the ledger and pull requests name for a revert. */
export const REVERT_PROPOSER = 'certify'

/** An action on GitHub that follows from a certification. */
export type CertificationStep =
  /** Its check run does not exist yet. */
  | { kind: 'announce'; certification: Certification }
  /** The merge at the end of its range must be reverted. */
  | { kind: 'revert'; certification: Certification }

export function certificationSteps(state: State): CertificationStep[] {
  const decided = [...state.certifications.values()].filter((one) => one.holds || isRefuted(one))
  const reverted = new Set([...state.candidates.values()].flatMap((one) => revertedMerge(one) ?? []))
  return decided.flatMap((certification) => {
    const { to } = certification
    const isAnnounced = state.announced.has(rangeKey(certification))
    const stays = certification.holds || reverted.has(to) || state.notReverted.has(to)
    return [
      ...(isAnnounced ? [] : [{ kind: 'announce', certification } as const]),
      ...(stays ? [] : [{ kind: 'revert', certification } as const]),
    ]
  })
}

/** The verdicts on open reverts. A revert is accepted on the runs that refuted its merge. */
export function decideReverts(state: State): Extract<LedgerEvent, { kind: 'judged' }>[] {
  return openCandidates(state).flatMap((candidate) => {
    const merge = revertedMerge(candidate)
    if (merge === undefined || candidate.verdict || candidate.base !== state.baseline?.commit) return []
    const refutation = refutationOf(state, merge)
    if (!refutation) return []
    const { reason, gain, sigma, runs } = refutation
    const verdict: Verdict = {
      kind: 'merge',
      reason: `reverted: ${reason}`,
      ...(gain !== undefined && { gain: -gain }),
      ...(sigma !== undefined && { sigma }),
      runs,
    }
    return [{ kind: 'judged', candidate: candidate.id, head: candidate.head, verdict }]
  })
}

/** The text of the pull request that reverts a merge. */
export function revertWords(
  state: State,
  { to, reason }: Certification,
): Pick<Proposal, 'title' | 'hypothesis' | 'category' | 'expectedEffect'> {
  const merged = candidateMergedAs(state, to)
  const name = merged?.pullRequest === undefined ? to.slice(0, 7) : `pull request ${merged.pullRequest}`
  return {
    title: `Revert "${merged?.title ?? to.slice(0, 7)}"`,
    hypothesis:
      `Certification trained ${name} and the commit before it again with fresh seeds, side by side, and did not confirm ` +
      `the gain. ${reason}. To keep the merge anyway, close this pull request.`,
    category: merged?.category ?? 'hyperparameter',
    expectedEffect: 'none: the reverted merge had no effect that could be reproduced',
  }
}
