// The brief that a proposer reads before it proposes a candidate. Sections that rarely change come first, so that endpoints
// can cache them. Past candidates are a selection of fixed size, so that the brief does not grow with the ledger.
import { truncateMarkdown } from '../../text/markdown.ts'
import { personAsks, rejections } from '../asked.ts'
import { attempts } from './attempts.ts'
import { curves } from './curves.ts'
import { directionAtHand } from './direction.ts'
import type { BriefInput } from './input.ts'
import { baseline, categories, merges, runs } from './record.ts'
import { goal, rules, source } from './rules.ts'

/** Maximum length of a brief: a script of 110,000 characters and everything else. Most briefs have a tenth of it. */
export const MAX_BRIEF_CHARACTERS = 180_000
const MAX_PROGRAM_CHARACTERS = 8000
const MAX_INSIGHTS_CHARACTERS = 4000

/**
 * Writes the brief. The direction and people's requests come last and are never cut. A person's request replaces our
 * direction.
 */
export function buildBrief(input: BriefInput): string {
  const sections = [
    text('Program', input.program, MAX_PROGRAM_CHARACTERS),
    rules(input.editable, input.config.editable),
    goal(input.config),
    source(input),
    merges(input.state),
    text('Insights', input.insights, MAX_INSIGHTS_CHARACTERS),
    rejections(input.state),
    baseline(input),
    runs(input),
    categories(input.state),
    attempts(input),
    curves(input),
  ]
  const direction = input.asked?.personRequest ? '' : directionAtHand(input)
  const last = joined([direction, personAsks(input.asked ?? {})])
  const before = joined(sections)
  return `${truncateMarkdown(before, MAX_BRIEF_CHARACTERS - last.length - 2)}\n\n${last}`
}

function joined(sections: readonly string[]): string {
  return sections.filter((section) => section !== '').join('\n\n')
}

function text(title: string, content: string | undefined, maxCharacters: number): string {
  return content === undefined ? '' : `# ${title}\n\n${truncateMarkdown(content.trim(), maxCharacters)}`
}
