// The last words on an issue or pull request that count: those of somebody with write access.
import { lastWordsOf, newestSpeakers, type Words } from '../core/record/people.ts'
import type { Discussion } from '../ports.ts'

/** Authors of the newest comments that are asked for: a crowd that talks costs no more. */
const MAX_SPEAKERS = 5
const MAX_WORDS_CHARACTERS = 2000

/** The last words on an issue or pull request of somebody who may write. */
export async function lastWords(discussion: Discussion, number: number): Promise<Words | undefined> {
  const remarks = await discussion.remarks(number)
  for (const login of newestSpeakers(remarks, MAX_SPEAKERS))
    if (await discussion.mayWrite(login)) return lastWordsOf(remarks, login, MAX_WORDS_CHARACTERS)
  return undefined
}
