// Merges pull requests: tries again what may be possible a moment later, and says what is not.
import type { MergeResult } from '../../ports/forge.ts'
import { type Reading, readAnswer } from './answers.ts'
import type { GitHub } from './client.ts'

interface MergeRequest {
  pullRequest: number
  head: string
  base: string
  title: string
  message: string
}

type Method = 'squash' | 'rebase' | 'merge'

/** Pauses before the next try; together longer than GitHub needs to find out whether a merge is possible. */
const PAUSES = [1, 1, 2, 2, 3, 4, 5, 6, 8]

/** Merges exactly `head`, or says why GitHub did not. */
export async function merge(github: GitHub, request: MergeRequest): Promise<MergeResult> {
  const methods = await allowedMethods(github)
  for (let attempt = 0; ; attempt += 1) {
    const seen = await read(github, request.pullRequest)
    if (seen.mergeCommit !== undefined) return { kind: 'merged', commit: seen.mergeCommit }
    if (!seen.isOpen) return { kind: 'refused', explanation: 'The pull request is closed.' }
    if (seen.base !== request.base) return RETARGETED
    const isSame = seen.head === request.head
    if (isSame && seen.mergeable === false) return CONFLICT
    const pause = PAUSES[attempt]
    // A try before GitHub knows whether it can be merged would be refused, and counts as a write.
    if ((isSame && seen.mergeable !== null) || pause === undefined) {
      const tried = await tryMerge(github, request, methods[0] ?? 'squash')
      if (tried.kind === 'merged') return tried
      const { reading } = tried
      if (reading.means === 'held' && isSame) return refused(reading)
      if (reading.means === 'other-method' && methods.length > 1) methods.shift()
      // By now the API knows every push, so another head is a person's.
      if (pause === undefined) return isSame ? giveUp(tried) : { kind: 'head-moved' }
    }
    await github.time.pause(pause ?? 0)
  }
}

/** The branch that a pull request was merged into: its base cannot change any more once reads show the merge. */
export async function baseOfMerged(github: GitHub, pullRequest: number): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    const { base, mergeCommit } = await read(github, pullRequest)
    const pause = PAUSES[attempt]
    if (mergeCommit !== undefined || pause === undefined) return base
    await github.time.pause(pause)
  }
}

type Tried = { kind: 'merged'; commit: string } | { kind: 'not'; reading: Reading; error: unknown }

/** Under this key is kept how this job ended a pull request: reads may show it as open for a while. */
export function endKey(pullRequest: number): string {
  return `end of ${pullRequest}`
}

async function tryMerge(
  { client, where, memory }: GitHub,
  { pullRequest, head, title, message }: MergeRequest,
  merge_method: Method,
): Promise<Tried> {
  try {
    const { data } = await client.rest.pulls.merge({
      ...where,
      pull_number: pullRequest,
      sha: head,
      merge_method,
      commit_title: title,
      commit_message: message,
      request: { retries: 0 },
    })
    return memory.keep(endKey(pullRequest), { kind: 'merged', commit: data.sha } as const)
  } catch (error) {
    const reading = readAnswer(error)
    const isAboutMerge = reading && ['lost', 'look-again', 'other-method', 'held'].includes(reading.means)
    if (!isAboutMerge) throw error
    return { kind: 'not', reading, error }
  }
}

async function read({ client, where }: GitHub, number: number) {
  const { data } = await client.rest.pulls.get({ ...where, pull_number: number })
  return {
    head: data.head.sha,
    base: data.base.ref,
    isOpen: data.state === 'open',
    mergeable: data.mergeable,
    mergeCommit: data.merged_at && data.merge_commit_sha ? data.merge_commit_sha : undefined,
  }
}

const RETARGETED: MergeResult = {
  kind: 'refused',
  explanation: 'A person changed the base branch of the pull request, so it would be merged somewhere else.',
}

const CONFLICT: MergeResult = {
  kind: 'refused',
  explanation: 'It conflicts with the baseline. Resolve the conflict, or close the pull request.',
}

function giveUp({ reading, error }: { reading: Reading; error: unknown }): MergeResult {
  if (reading.means === 'lost') throw error
  return refused(reading)
}

function refused({ message, advice }: Reading): MergeResult {
  const words = message.replace(/\s+/g, ' ').trim()
  return { kind: 'refused', explanation: `${words}${/[.!?]$/.test(words) ? '' : '.'} ${advice}` }
}

/** Squash first, so that the baseline's history has one commit per improvement. */
async function allowedMethods({ client, where }: GitHub): Promise<Method[]> {
  const { data } = await client.rest.repos.get(where)
  const allowed: [Method, boolean | undefined][] = [
    ['squash', data.allow_squash_merge],
    ['rebase', data.allow_rebase_merge],
    ['merge', data.allow_merge_commit],
  ]
  return allowed.filter(([, isAllowed]) => isAllowed !== false).map(([method]) => method)
}
