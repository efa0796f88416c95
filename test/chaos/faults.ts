// What GitHub and the network do to a request: answers that GitHub really gives, seldom so often in a row that a job has to give up.
import type { Fault } from '../loopback-github/faults.ts'
import { choose } from './random.ts'

export type Trouble = Omit<Fault, 'path' | 'times'>
type Kind = (draw: number) => Trouble

const answer = (status: number, message: string, headers?: Record<string, string>): Kind => {
  const fault = { status, body: { message, documentation_url: 'https://docs.github.com/rest' } }
  return () => ({ ...fault, ...(headers && { headers }) })
}

const LATE: Kind = (draw) => ({ delayMs: 20 + 400 * draw })
const LOST_BEFORE: Kind = () => ({ dropResponse: 'before' })
const LOST_AFTER: Kind = () => ({ dropResponse: 'after' })
const BROKEN = [502, 503, 500].map((status) => answer(status, 'Server Error'))
const TOO_MANY = [
  answer(429, 'Too Many Requests'),
  answer(429, 'Too Many Requests', { 'retry-after': '3' }),
  answer(403, 'You have exceeded a secondary rate limit.', { 'retry-after': '2' }),
]

const ANY: readonly Kind[] = [LATE, LATE, LOST_BEFORE, LOST_AFTER, ...BROKEN, ...TOO_MANY]
const READ = ANY
const WRITE: readonly Kind[] = [
  ...ANY,
  LOST_AFTER,
  () => ({ status: 502, effect: true, body: { message: 'Bad Gateway' } }),
]
const GIT: readonly Kind[] = [
  LATE,
  LOST_BEFORE,
  LOST_AFTER,
  answer(502, 'Bad Gateway'),
  answer(503, 'Unavailable'),
  (draw) => ({ cutAfterBytes: Math.floor(200 * draw) }),
]

const SPECIAL: readonly [method: string, path: RegExp, kinds: readonly Kind[]][] = [
  [
    'POST',
    /\/pulls$/,
    [
      answer(422, 'Validation Failed: {"resource":"PullRequest","field":"head","code":"invalid"}'),
      answer(422, 'was submitted too quickly'),
    ],
  ],
  ['POST', /\/check-runs$/, [answer(422, 'No commit found for SHA: 0123456789')]],
  [
    'PUT',
    /\/merge$/,
    [
      answer(405, 'Base branch was modified. Review and try the merge again.'),
      answer(405, 'Pull Request is not mergeable'),
      answer(409, 'Head branch was modified. Review and try the merge again.'),
    ],
  ],
]

/** @param draw of this request */
export function chooseTrouble(method: string, path: string, draw: (name: string) => number): Trouble {
  const special = SPECIAL.find(([verb, pattern]) => verb === method && pattern.test(path))
  const isGit = /\/(info\/refs|git-(upload|receive)-pack)$/.test(path)
  const usual = isGit ? GIT : method === 'GET' ? READ : WRITE
  const kinds = special && draw('special') < 0.5 ? special[2] : usual
  return choose(draw('kind'), kinds)(draw('amount'))
}

/** Requests that one repetition of a call consists of: troubles in a row are counted among them. */
export function groupOf(method: string, path: string): string {
  const git = /\/(info\/refs|git-(?:upload|receive)-pack)$/.exec(path)
  return git ? 'git' : `${method} ${path.replace(/\d+/g, 'n').replace(/[0-9a-f]{40}/g, 'sha')}`
}
