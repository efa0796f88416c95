// The brief's last section: the direction for this proposal, and the changes to start from.
import type { Mode } from '../../record/candidate.ts'
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

const STRUCTURAL = 'Change the structure of the code: a change to numbers alone is refused this time.'
const CONSTANTS = 'Change one or two constants to values that have not been tried.'
const MAX_DIFF_CHARACTERS = 4000

export function directionAtHand({
  state,
  direction,
  sources = new Map(),
}: Pick<BriefInput, 'state' | 'direction' | 'sources'>): string {
  const { mode, category, structural } = direction
  const words =
    category === 'hyperparameter' ? CONSTANTS : `Category: ${category}, ${CATEGORY_WORDS[category]}.`
  const parts = direction.sources.flatMap((id) => {
    const candidate = state.candidates.get(id)
    if (!candidate) return []
    const reason = visibleText(candidate.verdict?.reason ?? '', 200)
    const head = `## ${visibleText(candidate.title, 100)} (${gainText(candidate)})\n\n${reason}`
    const changes = sources.get(id) ?? []
    return changes.length === 0
      ? [head]
      : [`${head}\n\n${fence(changes.map(unifiedDiff).join('\n'), 'diff', MAX_DIFF_CHARACTERS)}`]
  })
  return [
    '# Your direction',
    [MODE_WORDS[mode], words, ...(structural ? [STRUCTURAL] : [])].join('\n'),
    ...parts,
  ].join('\n\n')
}
