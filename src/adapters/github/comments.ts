// Maintains our single comment on an issue or pull request.
import { type GitHub, pauseOf } from './client.ts'
import { attemptOnce } from './errors.ts'

/** Creates the comment, or updates the one that carries the same marker. */
export async function putComment(
  github: GitHub,
  number: number,
  marker: string,
  body: string,
): Promise<void> {
  const { client, where } = github
  const find = async (): Promise<{ id: number; body: string } | undefined> => {
    const listed = { ...where, issue_number: number, per_page: 100 }
    const comments = await client.paginate(client.rest.issues.listComments, listed)
    // Only a bot's: a person may quote the marker, and their words are not ours to overwrite.
    const ours = comments.find((comment) => comment.user?.type === 'Bot' && comment.body?.startsWith(marker))
    return ours ? { id: Number(ours.id), body: ours.body ?? '' } : undefined
  }
  const create = async (): Promise<{ id: number; body: string }> => {
    const request = { ...where, issue_number: number, body, request: { retries: 0 } }
    return { id: Number((await client.rest.issues.createComment(request)).data.id), body }
  }
  const comment = await attemptOnce(find, create, pauseOf(github))
  if (comment.body !== body)
    await client.rest.issues.updateComment({ ...where, comment_id: comment.id, body })
}
