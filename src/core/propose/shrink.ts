// Shortens a brief that exceeds a model's context, without dropping any section completely.
import { truncateMarkdown } from '../text/markdown.ts'

/** Sections up to this length stay whole: rules and goals are short, source and history are long. */
const MIN_SECTION_CHARACTERS = 1800

/**
 * Cuts the long sections of a brief to equal shares.
 *
 * @param maxCharacters target length; exceeded when the short sections alone are longer
 */
export function shrinkBrief(brief: string, maxCharacters: number): string {
  const sections = sectionsOf(brief)
  const short = sections.filter((section) => section.length <= MIN_SECTION_CHARACTERS)
  const room = maxCharacters - short.join('').length
  const share = Math.floor(room / Math.max(1, sections.length - short.length))
  const most = Math.max(MIN_SECTION_CHARACTERS, share)
  return sections.map((section) => truncateMarkdown(section, most)).join('\n')
}

/** Splits a brief at first-level headings. A `#` inside a code block does not count. */
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
