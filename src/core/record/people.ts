// Selects comments that may be quoted to proposers. Only people with write access may steer research, and only they can
// change their text: on GitHub, an issue or comment can be edited by its author and by people with write access.
import { stripVTControlCharacters } from 'node:util'
import { removeAll, visibleText } from '../text/markdown.ts'

/** A GitHub user. The login of a deleted account is empty. */
export interface Person {
  login: string
  isBot: boolean
}

/** A comment as GitHub shows it now. */
export interface Remark {
  author: Person
  body: string
  /** Whether GitHub calls the author an owner, a member or a collaborator: not proof that they may write. */
  isMember?: boolean
}

/** A statement of a person with write access, prepared for quoting. */
export interface Words {
  by: string
  text: string
}

const MAX_LINE_CHARACTERS = 500
const MAX_LINES = 60
/** A hidden comment: up to its own end, so that what an inner one hides does not become visible. */
const COMMENT = /<!--(?:(?!<!--)[\s\S])*?(?:-->|$)/g

/** The visible text, shortened to `maxCharacters`: no HTML comments, escape sequences or invisible characters. */
export function quotable(text: string, maxCharacters: number): string {
  const lines = removeAll(stripVTControlCharacters(text.slice(0, 4 * maxCharacters)), COMMENT)
    .split(/\r?\n/)
    .map((line) => visibleText(line, MAX_LINE_CHARACTERS))
  const kept = lines.filter((line) => line !== '').slice(0, MAX_LINES)
  const whole = kept.join('\n')
  return whole.length <= maxCharacters ? whole : `${whole.slice(0, maxCharacters - 1).toWellFormed()}…`
}

/**
 * The last people to comment, newest first, without bots: at most `max` whom GitHub calls members or collaborators, and `max` others,
 * so that a crowd of others hides no member. It does not call everybody who may write a member.
 */
export function newestSpeakers(remarks: readonly Remark[], max: number): string[] {
  const people = remarks.toReversed().filter(({ author }) => !author.isBot && author.login !== '')
  const members = new Set(people.flatMap(({ author, isMember }) => (isMember ? [author.login] : [])))
  const logins = [...new Set(people.map(({ author }) => author.login))]
  const chosen = [true, false].flatMap((isMember) =>
    logins.filter((login) => members.has(login) === isMember).slice(0, max),
  )
  return logins.filter((login) => chosen.includes(login))
}

/** The last comment of this person, prepared for quoting; undefined when it has no visible text. */
export function lastWordsOf(remarks: readonly Remark[], login: string, max: number): Words | undefined {
  const said = remarks.findLast(({ author }) => author.login === login && !author.isBot)
  const text = quotable(said?.body ?? '', max)
  return text === '' ? undefined : { by: login, text }
}
