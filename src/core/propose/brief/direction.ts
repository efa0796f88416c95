// The brief's last section: the direction for this proposal, and the changes to start from.

import { unifiedDiff } from '../../text/diff.ts'
import { fence, visibleText } from '../../text/markdown.ts'
import type { BriefInput } from './input.ts'
import { CATEGORY_WORDS, gainText, MODE_WORDS } from './words.ts'

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
    const diffs = (sources.get(id) ?? []).map(({ path, before = '', after = '' }) =>
      unifiedDiff(path, before, after),
    )
    return diffs.length === 0
      ? [head]
      : [`${head}\n\n${fence(diffs.join('\n'), 'diff', MAX_DIFF_CHARACTERS)}`]
  })
  return [
    '# Your direction',
    [MODE_WORDS[mode], words, ...(structural ? [STRUCTURAL] : [])].join('\n'),
    ...parts,
  ].join('\n\n')
}
