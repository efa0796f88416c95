// Makes a brief shorter for a model whose context it does not fit, without losing one of its parts altogether.
import { truncateMarkdown } from '../text/markdown.ts'

/** Sections up to this length are kept whole: rules and goals are short, source and history are long. */
const MIN_SECTION_CHARACTERS = 1800

/**
 * Cuts the long sections of a brief to an equal share each.
 *
 * @param maxCharacters aimed at; short sections are kept whole even when they alone are more
 */
export function shrinkBrief(brief: string, maxCharacters: number): string {
  const sections = sectionsOf(brief)
  const short = sections.filter((section) => section.length <= MIN_SECTION_CHARACTERS)
  const room = maxCharacters - short.join('').length
  const share = Math.floor(room / Math.max(1, sections.length - short.length))
  const most = Math.max(MIN_SECTION_CHARACTERS, share)
  return sections.map((section) => truncateMarkdown(section, most)).join('\n')
}

/** Text from one first-level heading to the next; a `#` inside a code block is no heading. */
function sectionsOf(brief: string): string[] {
  const sections: string[][] = [[]]
  let fence = ''
  for (const line of brief.split('\n')) {
    const ticks = /^`{3,}/.exec(line)?.[0] ?? ''
    if (fence === '') fence = ticks
    else if (line === fence) fence = ''
    if (fence === '' && line.startsWith('# ')) sections.push([])
    sections.at(-1)?.push(line)
  }
  return sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
}
