// Whose words count. Only text of people with write access may steer research, and nobody without it can change such a
// text: GitHub lets an issue or comment be edited by its author and by people with write access.
import { stripVTControlCharacters } from 'node:util'
import { visibleText } from '../text/markdown.ts'

/** Who did something on GitHub. A deleted account has no login. */
export interface Person {
  login: string
  isBot: boolean
}

/** A comment as GitHub shows it now. */
export interface Remark {
  author: Person
  body: string
}

/** What a person with write access said, as it may be quoted. */
export interface Words {
  by: string
  text: string
}

const MAX_LINE_CHARACTERS = 500
const MAX_LINES = 60

/** The text as a reader sees it: no hidden HTML comments, escape sequences or invisible characters, and not endless. */
export function quotable(text: string, maxCharacters: number): string {
  const lines = stripVTControlCharacters(text.slice(0, 4 * maxCharacters))
    .replace(/<!--[\s\S]*?(-->|$)/g, '')
    .split(/\r?\n/)
    .map((line) => visibleText(line, MAX_LINE_CHARACTERS))
  const kept = lines.filter((line) => line !== '').slice(0, MAX_LINES)
  const whole = kept.join('\n')
  return whole.length <= maxCharacters ? whole : `${whole.slice(0, maxCharacters - 1).toWellFormed()}…`
}

/** People among the authors of the newest remarks, newest first: those whose last words may count. */
export function newestSpeakers(remarks: readonly Remark[], max: number): string[] {
  const people = remarks.toReversed().filter(({ author }) => !author.isBot && author.login !== '')
  return [...new Set(people.map(({ author }) => author.login))].slice(0, max)
}

/** The last remark of this person, as it may be quoted; undefined when nothing of it is visible. */
export function lastWordsOf(remarks: readonly Remark[], login: string, max: number): Words | undefined {
  const said = remarks.findLast(({ author }) => author.login === login && !author.isBot)
  const text = quotable(said?.body ?? '', max)
  return text === '' ? undefined : { by: login, text }
}
