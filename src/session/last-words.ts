// Finds the last comment on an issue or pull request by a person with write access.
import { lastWordsOf, newestSpeakers, type Words } from '../core/record/people.ts'
import type { Discussion } from '../ports/forge.ts'

/** Maximum number of recent authors whose permission is checked, so that a long discussion costs no more requests. */
const MAX_SPEAKERS = 5
const MAX_WORDS_CHARACTERS = 2000

/** The last comment by a person with write access; undefined when there is none among the recent authors. */
export async function lastWords(discussion: Discussion, number: number): Promise<Words | undefined> {
  const remarks = await discussion.remarks(number)
  for (const login of newestSpeakers(remarks, MAX_SPEAKERS))
    if (await discussion.mayWrite(login)) return lastWordsOf(remarks, login, MAX_WORDS_CHARACTERS)
  return undefined
}
