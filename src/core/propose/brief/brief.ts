// What a proposer reads before it invents a candidate. What changes least comes first, so that an endpoint can cache it;
// what was tried is a choice of fixed size, so that a long record costs no more than a short one.

import { truncateMarkdown } from '../../text/markdown.ts'
import { personAsks, rejections } from '../asked.ts'
import { attempts } from './attempts.ts'
import { directionAtHand } from './direction.ts'
import type { BriefInput } from './input.ts'
import { baseline, categories, merges, runs } from './record.ts'
import { goal, rules } from './rules.ts'
import { source } from './source.ts'

/** Most characters of a brief; its parts are capped so that they fit. */
export const MAX_BRIEF_CHARACTERS = 60_000
const MAX_PROGRAM_CHARACTERS = 8000
const MAX_INSIGHTS_CHARACTERS = 4000

/**
 * Writes the brief. The direction and what people ask are its last words, and stay whole whatever else is cut. What a
 * person wants to be tried takes the place of a direction of ours.
 */
export function buildBrief(input: BriefInput): string {
  const sections = [
    text('Program', input.program, MAX_PROGRAM_CHARACTERS),
    rules(input.editable),
    goal(input.config),
    source(input),
    merges(input.state),
    text('Insights', input.insights, MAX_INSIGHTS_CHARACTERS),
    rejections(input.state),
    baseline(input),
    runs(input),
    categories(input.state),
    attempts(input),
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
