// Maintains our single comment on an issue or pull request.
import { means, readAnswer } from './answers.ts'
import type { GitHub } from './client.ts'
import { createOnce } from './create-once.ts'

interface Comment {
  id: number
  body: string
}

/** Creates the comment, or updates the one that carries the same marker. */
export async function putComment(
  github: GitHub,
  number: number,
  marker: string,
  body: string,
): Promise<void> {
  const { client, where, memory } = github
  const key = `comment ${number} ${marker}`
  const find = async (): Promise<Comment | undefined> => {
    const listed = { ...where, issue_number: number, per_page: 100 }
    const comments = await client.paginate(client.rest.issues.listComments, listed)
    // Only a bot's: a person may quote the marker, and their words are not ours to overwrite.
    const ours = comments.find((comment) => comment.user?.type === 'Bot' && comment.body?.startsWith(marker))
    return ours && { id: Number(ours.id), body: ours.body ?? '' }
  }
  const create = async (): Promise<Comment> => {
    const request = { ...where, issue_number: number, body, request: { retries: 0 } }
    return { id: Number((await client.rest.issues.createComment(request)).data.id), body }
  }
  const put = async (): Promise<void> => {
    const comment = await createOnce(github, {
      key,
      find,
      create,
      isNew: memory.get(openedKey(number)) === true,
    })
    if (comment.body === body) return
    await client.rest.issues.updateComment({ ...where, comment_id: comment.id, body })
    memory.keep(key, { ...comment, body })
  }
  try {
    await put()
  } catch (error) {
    if (readAnswer(error)?.status !== 404 || memory.get(key) === undefined) throw error
    // A person deleted it between our look and our update.
    memory.forget(key)
    memory.keep(openedKey(number), true)
    await put()
  }
}

/** Writes the comment where that is possible: a locked conversation, or one that is gone, must not stop the research. */
export async function putCommentWhereOpen(
  github: GitHub,
  number: number,
  marker: string,
  body: string,
): Promise<void> {
  try {
    await putComment(github, number, marker, body)
  } catch (error) {
    if (!means(error, 'closed-off')) throw error
    github.options.log.warn(`No comment on #${number}: its conversation is locked or gone`)
  }
}

/** Under this key is kept that a pull request cannot have a comment of ours that is not remembered. */
export function openedKey(number: number): string {
  return `opened ${number}`
}
