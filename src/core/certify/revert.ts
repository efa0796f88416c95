// Reverts a merge that certification refuted or that does not transfer to a larger scale, by a pull request whose verdict comes
// from the runs that say so.
import { type Proposal, revertedMerge } from '../record/candidate.ts'
import { knownCandidates } from '../record/candidates.ts'
import { type Certification, isRefuted, rangeKey } from '../record/certification.ts'
import type { LedgerEvent } from '../record/events.ts'
import { candidateMergedAs, type Undoing, undoingOf, undoings } from '../record/merges.ts'
import { openCandidates, type State } from '../record/state.ts'
import type { Verdict } from '../record/verdict.ts'

/** The proposer that the ledger and pull requests name for a revert. */
export const REVERT_PROPOSER = 'certify'

/** An action on GitHub that follows from a certification. */
export type CertificationStep =
  /** Its check run does not exist yet. */
  | { kind: 'announce'; certification: Certification }
  /** A merge must be reverted. */
  | { kind: 'revert'; undoing: Undoing }

export function certificationSteps(state: State): CertificationStep[] {
  const decided = [...state.certifications.values()].filter((one) => one.holds || isRefuted(one))
  const untold = decided.filter((one) => !state.announced.has(rangeKey(one)))
  const reverted = new Set(knownCandidates(state).flatMap((one) => revertedMerge(one) ?? []))
  const due = undoings(state).filter(({ merge }) => !reverted.has(merge) && !state.notReverted.has(merge))
  return [
    ...untold.map((certification) => ({ kind: 'announce', certification }) as const),
    ...due.map((undoing) => ({ kind: 'revert', undoing }) as const),
  ]
}

/** The verdicts on open reverts. A revert is accepted on the runs that tell against its merge. */
export function decideReverts(state: State): Extract<LedgerEvent, { kind: 'judged' }>[] {
  return openCandidates(state).flatMap((candidate) => {
    const merge = revertedMerge(candidate)
    if (merge === undefined || candidate.verdict || candidate.base !== state.baseline?.commit) return []
    const undoing = undoingOf(state, merge)
    if (!undoing) return []
    const { reason, gain, sigma, runs } = undoing
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
  { merge, scale, reason }: Undoing,
): Pick<Proposal, 'title' | 'hypothesis' | 'category' | 'expectedEffect'> {
  const merged = candidateMergedAs(state, merge)
  const name = merged?.pullRequest === undefined ? merge.slice(0, 7) : `pull request ${merged.pullRequest}`
  const why =
    scale === undefined
      ? `Certification trained ${name} and the commit before it again with fresh seeds, side by side, and did not confirm the gain. ${reason}.`
      : `Tested with other merges, ${name} ${reason}. The configuration says \`promote: {undo: true}\`.`
  return {
    title: `Revert "${merged?.title ?? merge.slice(0, 7)}"`,
    hypothesis: `${why} To keep the merge anyway, close this pull request.`,
    category: merged?.category ?? 'hyperparameter',
    expectedEffect:
      scale === undefined
        ? 'none: the reverted merge had no effect that could be reproduced'
        : `none at ${scale}; the gain at the first scale is given up`,
  }
}
