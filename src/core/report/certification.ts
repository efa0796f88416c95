// The report's section on certification: how many merges fresh runs confirmed, and the latest findings.
import { pendingMerges } from '../certify/ranges.ts'
import { certificationSteps } from '../certify/revert.ts'
import { revertedMerge } from '../record/candidate.ts'
import { knownCandidates } from '../record/candidates.ts'
import { isRefuted } from '../record/certification.ts'
import type { State } from '../record/state.ts'
import { describeCertification } from './describe.ts'

/** Maximum certifications quoted in the report; the ledger holds all. */
const MAX_QUOTED = 5

export interface CertificationTally {
  certified: number
  /** Merges that fresh runs did not confirm. */
  refuted: number
  pending: number
  /** One sentence per finding, oldest first. They may contain candidate titles, which are untrusted text. */
  findings: string[]
}

export function tallyCertification(state: State): CertificationTally {
  const all = [...state.certifications.values()]
  const decided = all.filter((one) => one.holds || isRefuted(one))
  const sum = (counted: typeof all) => counted.reduce((merges, one) => merges + one.merges, 0)
  return {
    certified: sum(all.filter(({ holds }) => holds)),
    refuted: sum(all.filter(isRefuted)),
    pending: pendingMerges(state).length,
    findings: decided.slice(-MAX_QUOTED).map((one) => {
      const revert = one.holds ? '' : `; ${revertStatus(state, one.to)}`
      return `${describeCertification(state, one)}${revert}.`
    }),
  }
}

/** Whether a refuted merge has been reverted, and if not, why. */
function revertStatus(state: State, commit: string): string {
  const stays = state.notReverted.get(commit)
  if (stays !== undefined) return `not reverted: ${stays}`
  if (certificationSteps(state).some((step) => step.kind === 'revert' && step.undoing.merge === commit))
    return 'to be reverted'
  const revert = knownCandidates(state).findLast((one) => revertedMerge(one) === commit)
  if (revert?.end?.kind === 'merged') return 'reverted'
  if (revert?.end?.kind === 'withdrawn') return `not reverted: ${revert.end.reason}`
  return revert?.end === undefined ? 'being reverted' : 'the revert waits for a person'
}

/** How many merges are certified: `5 of 7`. Undefined before the first merge. */
export function certifiedShare({ certified, refuted, pending }: CertificationTally): string | undefined {
  const merges = certified + refuted + pending
  return merges === 0 ? undefined : `${certified} of ${merges}`
}

/** The certification results as sentences. Empty before the first certification. */
export function certificationWords({ certified, refuted, pending, findings }: CertificationTally): string[] {
  if (certified + refuted === 0) return []
  const merges = `${certified} ${certified === 1 ? 'merge' : 'merges'}`
  const bad = refuted > 0 ? `, ${refuted} refuted` : ''
  return [`${merges} certified by fresh runs${bad}, ${pending} pending.`, ...findings]
}
