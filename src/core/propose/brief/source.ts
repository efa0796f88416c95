// The brief's section with the editable source.

import { fence, visibleText } from '../../text/markdown.ts'
import type { BriefInput } from './input.ts'

/** A whole training script: the one of karpathy/autoresearch has 26 KB, and 100 KB are not rare. */
const MAX_FILE_CHARACTERS = 110_000
/** No further file is begun after this many characters. */
const MAX_SOURCE_CHARACTERS = 30_000
const MIN_SHOWN_CHARACTERS = 500
const MAX_PATH_CHARACTERS = 120

export function source({ files, editable }: Pick<BriefInput, 'files' | 'editable'>): string {
  let room = MAX_SOURCE_CHARACTERS
  const parts: string[] = []
  for (const path of editable) {
    if (room < MIN_SHOWN_CHARACTERS) {
      parts.push(`[… cut: ${editable.length - parts.length} more editable files; read the ones you need …]`)
      break
    }
    const shown = firstLines(files.get(path) ?? '', MAX_FILE_CHARACTERS)
    const part = `## ${visibleText(path, MAX_PATH_CHARACTERS)}\n\n${fence(shown, '', Number.POSITIVE_INFINITY)}`
    parts.push(part)
    room -= part.length
  }
  return `# Source you may edit\n\n${parts.join('\n\n')}`
}

/** The first whole lines of a text, with a note on where to continue reading. */
function firstLines(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text
  const kept = text.slice(0, text.lastIndexOf('\n', maxCharacters - 100) + 1)
  const next = kept.split('\n').length
  return `${kept}[… cut: read the rest of the file from line ${next} of ${text.split('\n').length} …]`
}
