// The brief's section on larger scales: which merges hold there, and which do not transfer.
import type { Config } from '../../config/config.ts'
import type { Candidate } from '../../record/candidate.ts'
import { candidateMergedAs } from '../../record/merges.ts'
import type { MemberOutcome } from '../../record/promotion.ts'
import type { State } from '../../record/state.ts'
import { visibleText } from '../../text/markdown.ts'
import { formatSigned } from '../../text/numbers.ts'
import { gainText } from './words.ts'

const MAX_LISTED = 6

/** Empty until merges were tested at a larger scale. */
export function largerScales(state: State, { ladder }: Pick<Config, 'ladder'>): string {
  const tested = [...state.promotions.values()].flatMap(({ scale, outcome }) =>
    (outcome?.members ?? []).flatMap((member) => {
      const candidate = candidateMergedAs(state, member.merge)
      return candidate ? [{ scale, member, candidate }] : []
    }),
  )
  if (tested.length === 0) return ''
  const list = (promoted: boolean) =>
    tested
      .filter(({ member }) => member.promoted === promoted)
      .slice(-MAX_LISTED)
      .map(({ scale, member, candidate }) => line(scale, member, candidate))
  const [held, failed] = [list(true), list(false)]
  const first = ladder ? ` (${ladder.first})` : ''
  return [
    '# Larger scales',
    `What is merged here${first} is also trained larger. A change is worth most when it holds there too. Gains: here, and there.`,
    ...(failed.length > 0 ? [`Does not transfer:\n\n${failed.join('\n')}`] : []),
    ...(held.length > 0 ? [`Holds:\n\n${held.join('\n')}`] : []),
  ].join('\n\n')
}

function line(scale: string, { gain }: MemberOutcome, candidate: Candidate): string {
  return `- ${gainText(candidate)} here, ${formatSigned(gain)} at ${scale}: ${visibleText(candidate.title, 100)}`
}
