// What the report says about certification: how many merges fresh runs confirmed, and the sentences of the latest.

import { pendingMerges } from '../certify/ranges.ts'
import { certificationSteps } from '../certify/revert.ts'
import { revertedMerge } from '../record/candidate.ts'
import { isRefuted } from '../record/certification.ts'
import type { State } from '../record/state.ts'
import { describeCertification } from './describe.ts'

/** Certifications quoted in the report; the ledger has them all. */
const MAX_QUOTED = 5

export interface CertificationTally {
  /** Merges by what fresh runs said about them. */
  certified: number
  refuted: number
  /** Merges that wait for certification. */
  pending: number
  /** What was found, one sentence each, oldest first. A title in them is a candidate's words. */
  findings: string[]
}

export function tallyCertification(state: State): CertificationTally {
  const all = [...state.certifications.values()]
  const settled = all.filter((one) => one.holds || isRefuted(one))
  const sum = (counted: typeof all) => counted.reduce((merges, one) => merges + one.merges, 0)
  return {
    certified: sum(all.filter(({ holds }) => holds)),
    refuted: sum(all.filter(isRefuted)),
    pending: pendingMerges(state).length,
    findings: settled.slice(-MAX_QUOTED).map((one) => {
      const fate = one.holds ? '' : `; ${fateOf(state, one.to)}`
      return `${describeCertification(state, one)}${fate}.`
    }),
  }
}

/** What became of a merge that was refuted. */
function fateOf(state: State, commit: string): string {
  const stays = state.notReverted.get(commit)
  if (stays !== undefined) return `it stays: ${stays}`
  if (
    certificationSteps(state).some(
      ({ kind, certification }) => kind === 'revert' && certification.to === commit,
    )
  )
    return 'to be undone'
  const revert = [...state.candidates.values()].findLast((one) => revertedMerge(one) === commit)
  if (revert?.end?.kind === 'merged') return 'undone'
  if (revert?.end?.kind === 'withdrawn') return `it stays: ${revert.end.reason}`
  return revert?.end === undefined ? 'being undone' : 'it waits for a person'
}

/** `5 of 7`: how many merges are certified; nothing before there is one that could be. */
export function certifiedShare({ certified, refuted, pending }: CertificationTally): string | undefined {
  const merges = certified + refuted + pending
  return merges === 0 ? undefined : `${certified} of ${merges}`
}

/** What fresh runs found; nothing before the first certification. */
export function certificationWords({ certified, refuted, pending, findings }: CertificationTally): string[] {
  if (certified + refuted === 0) return []
  const merges = `${certified} ${certified === 1 ? 'merge' : 'merges'}`
  const bad = refuted > 0 ? `, ${refuted} refuted` : ''
  return [`${merges} certified by fresh runs${bad}, ${pending} not yet.`, ...findings]
}
