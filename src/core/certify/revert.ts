// What becomes of a merge that certification refuted: a pull request that undoes it, decided by the fresh runs alone.

import { type Proposal, revertedMerge } from '../record/candidate.ts'
import { type Certification, isRefuted, rangeKey } from '../record/certification.ts'
import type { LedgerEvent } from '../record/events.ts'
import { candidateMergedAs, refutationOf } from '../record/merges.ts'
import { openCandidates, type State } from '../record/state.ts'
import type { Verdict } from '../record/verdict.ts'

/** As the ledger and pull requests name who undoes a merge. */
export const REVERT_PROPOSER = 'certify'

/** Something to do on GitHub because of a certification. */
export type CertificationStep =
  /** Its check run is not there yet. */
  | { kind: 'announce'; certification: Certification }
  /** The merge at its end is to be undone. */
  | { kind: 'revert'; certification: Certification }

export function certificationSteps(state: State): CertificationStep[] {
  const settled = [...state.certifications.values()].filter((one) => one.holds || isRefuted(one))
  const undone = new Set([...state.candidates.values()].flatMap((one) => revertedMerge(one) ?? []))
  return settled.flatMap((certification) => {
    const { to } = certification
    const isAnnounced = state.announced.has(rangeKey(certification))
    const stays = certification.holds || undone.has(to) || state.notReverted.has(to)
    return [
      ...(isAnnounced ? [] : [{ kind: 'announce', certification } as const]),
      ...(stays ? [] : [{ kind: 'revert', certification } as const]),
    ]
  })
}

/** The verdicts of open reverts: they are merged because of what was measured on the merge that they undo. */
export function decideReverts(state: State): Extract<LedgerEvent, { kind: 'judged' }>[] {
  return openCandidates(state).flatMap((candidate) => {
    const merge = revertedMerge(candidate)
    if (merge === undefined || candidate.verdict || candidate.base !== state.baseline?.commit) return []
    const refutation = refutationOf(state, merge)
    if (!refutation) return []
    return [{ kind: 'judged', candidate: candidate.id, head: candidate.head, verdict: undo(refutation) }]
  })
}

function undo({ reason, gain, sigma, runs }: Certification): Verdict {
  return {
    kind: 'merge',
    reason: `undone: ${reason}`,
    ...(gain === undefined ? {} : { gain: -gain }),
    ...(sigma === undefined ? {} : { sigma }),
    runs,
  }
}

/** What the pull request that undoes a merge says. */
export function revertWords(
  state: State,
  { to, reason }: Certification,
): Pick<Proposal, 'title' | 'hypothesis' | 'category' | 'expectedEffect'> {
  const merged = candidateMergedAs(state, to)
  const name = merged?.pullRequest === undefined ? to.slice(0, 7) : `pull request ${merged.pullRequest}`
  return {
    title: `Revert "${merged?.title ?? to.slice(0, 7)}"`,
    hypothesis:
      `Certification trained ${name} anew with fresh seeds, side by side with the commit before it, and it did ` +
      `not hold. ${reason}. To keep it nevertheless, close this pull request.`,
    category: merged?.category ?? 'hyperparameter',
    expectedEffect: 'none: what is undone had no effect that could be shown again',
  }
}
