// The brief's last section: the direction for this proposal, and the changes to start from.
import type { Candidate, Mode } from '../../record/candidate.ts'
import { findCandidate } from '../../record/candidates.ts'
import { unifiedDiff } from '../../text/diff.ts'
import { fence, visibleText } from '../../text/markdown.ts'
import type { BriefInput } from './input.ts'
import { CATEGORY_WORDS, gainText } from './words.ts'

const MODE_WORDS: Record<Mode, string> = {
  explore: 'Explore: try something that has not been tried here. Prefer a bold idea to a safe one.',
  refine: 'Refine: improve the change below further. Do not repeat it.',
  combine:
    'Combine: merge the two changes below into one. Each looked good alone but was too small to be proven.',
  simplify:
    'Simplify: get at least as good a result with less code. The change below was merged; keep its effect.',
  repair: 'Repair: the change below failed to run. Keep its idea and fix its mistake; there is one attempt.',
}

const CONFLICT =
  'Combine: bring the first change below into the present code. It looked good, but conflicts with the second one, which was merged meanwhile.'
const STRUCTURAL = 'Change the structure of the code: a change to numbers alone is refused this time.'
const CONSTANTS = 'Change one or two constants to values that have not been tried.'
const MAX_DIFF_CHARACTERS = 4000

function isMerged(candidate: Candidate | undefined): boolean {
  return candidate?.end?.kind === 'merged'
}

export function directionAtHand({
  state,
  direction,
  sources = new Map(),
}: Pick<BriefInput, 'state' | 'direction' | 'sources'>): string {
  const { mode, category, structural } = direction
  const words =
    category === 'hyperparameter' ? CONSTANTS : `Category: ${category}, ${CATEGORY_WORDS[category]}.`
  const parts = direction.sources.flatMap((id) => {
    const candidate = findCandidate(state, id)
    if (!candidate) return []
    const reason = visibleText(candidate.verdict?.reason ?? '', 200)
    const head = `## ${visibleText(candidate.title, 100)} (${gainText(candidate)})\n\n${reason}`
    const changes = sources.get(id) ?? []
    return changes.length === 0
      ? [head]
      : [`${head}\n\n${fence(changes.map(unifiedDiff).join('\n'), 'diff', MAX_DIFF_CHARACTERS)}`]
  })
  const isConflict = mode === 'combine' && isMerged(findCandidate(state, direction.sources[1] ?? ''))
  return [
    '# Your direction',
    [isConflict ? CONFLICT : MODE_WORDS[mode], words, ...(structural ? [STRUCTURAL] : [])].join('\n'),
    ...parts,
  ].join('\n\n')
}
