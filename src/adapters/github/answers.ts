// Every answer of GitHub that is not a success: what it means, what is done about it, and what a person can do. This table is
// the only place that knows GitHub's words.
import { RequestError } from '@octokit/request-error'

export type Meaning =
  /** GitHub does not know yet what was just pushed or created. It passes by itself, and nothing was done. */
  | 'too-early'
  /** Too many requests: wait as told, or a minute. Nothing was done. */
  | 'too-many'
  /** The answer was lost, or is one of a broken server. It may have been done: look before doing it again. */
  | 'lost'
  /** It is there already: find it. */
  | 'exists'
  /** A merge that may be possible after another look at the pull request. */
  | 'look-again'
  /** This way of merging is not allowed; another may be. */
  | 'other-method'
  /** A rule or a person must let it through. It may be possible in a later job. */
  | 'held'
  /** Nobody may write there any more, or the thing is gone: go on without it. */
  | 'closed-off'
  /** A setting of the repository forbids it. */
  | 'forbidden'
  /** The token is over, or lacks a permission. */
  | 'token'
  /** Anything else: probably a mistake of ours. */
  | 'unknown'

interface Row {
  /** `METHOD path`, by pattern; absent: every call. */
  call?: RegExp
  status: number | readonly number[] | 'server'
  message?: RegExp
  means: Meaning
  /** What a person can do, as a sentence. */
  advice?: string
}

const OPEN = /^POST .*\/pulls$/
const MERGE = /^PUT .*\/pulls\/\d+\/merge$/
const CHECK = /check-runs/
const REFUSED_MERGE = [403, 405, 409, 422] as const

const RESUMES = 'Run the workflow again: it resumes where it stopped.'
const LATER = 'Later jobs try again.'

/** The first row that fits counts. */
const ROWS: readonly Row[] = [
  // Just after a push or a creation.
  {
    call: OPEN,
    status: 422,
    message: /\bhead\b.*(invalid|blank|must be a branch)|invalid.*\bhead\b|no commits between/i,
    means: 'too-early',
    advice: 'Check that the branch still exists and differs from the baseline.',
  },
  {
    status: [404, 422],
    message: /no commit found for|could not resolve to a node|(object|reference) does not exist/i,
    means: 'too-early',
    advice: `GitHub does not know a commit that was pushed. ${RESUMES}`,
  },
  { status: [403, 422], message: /submitted too quickly/i, means: 'too-early' },
  // Limits.
  {
    status: [403, 429],
    message: /rate limit|abuse detection/i,
    means: 'too-many',
    advice: 'The rate limit of the token is used up. Wait an hour: the next scheduled run resumes.',
  },
  {
    status: 429,
    means: 'too-many',
    advice: 'GitHub, or a proxy before it, receives too many requests. The next run resumes.',
  },
  // Merges.
  { call: MERGE, status: [405, 409], message: /(head|base) branch was modified/i, means: 'look-again' },
  {
    call: MERGE,
    status: REFUSED_MERGE,
    message: /merge queue/i,
    means: 'held',
    advice: `Only the merge queue may merge here: add the pull request to the queue, or let this token bypass the rule. ${LATER}`,
  },
  {
    call: MERGE,
    status: REFUSED_MERGE,
    message: /code owner/i,
    means: 'held',
    advice: `A code owner must approve the pull request. ${LATER}`,
  },
  {
    call: MERGE,
    status: REFUSED_MERGE,
    message: /\breview|approv/i,
    means: 'held',
    advice: `Somebody with write access must approve the pull request. ${LATER}`,
  },
  {
    call: MERGE,
    status: REFUSED_MERGE,
    message: /status check|check.*(expected|pending|failing|required)|required.*check/i,
    means: 'held',
    advice: `A required check has not succeeded. Workflows start on pull requests of GITHUB_TOKEN only after a person approves the run; those of an App's token start by themselves. ${LATER}`,
  },
  {
    call: MERGE,
    status: REFUSED_MERGE,
    message: /draft/i,
    means: 'held',
    advice: `Mark the pull request as ready for review. ${LATER}`,
  },
  {
    call: MERGE,
    status: REFUSED_MERGE,
    message: /conversation|unresolved|deployment/i,
    means: 'held',
    advice: `Resolve what GitHub names on the pull request. ${LATER}`,
  },
  {
    call: MERGE,
    status: REFUSED_MERGE,
    message: /merge(s| commits| method).*not allowed|must not contain merge commits|not allowed.*merge/i,
    means: 'other-method',
    advice: 'Allow squash merges in the settings of the repository.',
  },
  {
    status: [403, 404, 405, 409, 422],
    message: /refusing to allow .*workflow|without `?workflows?`? (permission|scope)/i,
    means: 'held',
    advice:
      'The change brings workflow files, which this token may not change. Merge it by hand, or use a token with `workflows: write`.',
  },
  {
    status: [405, 409, 422],
    message:
      /rule violations|verified signatures|protected branch|locked branch|branch is locked|not authorized/i,
    means: 'held',
    advice: `A rule of the repository forbids it: see Settings → Rules. ${LATER}`,
  },
  { call: MERGE, status: [405, 409], means: 'look-again' },
  // What people did to the repository.
  {
    status: [403, 404, 409, 422],
    message:
      /actions (is|are|has been|have been) (currently )?disabled|actions (is|are) not (enabled|allowed)/i,
    means: 'forbidden',
    advice: 'GitHub Actions is turned off here: turn it on under Settings → Actions → General.',
  },
  {
    status: [404, 410],
    message: /issues (is|are|has been|have been) (currently )?disabled/i,
    means: 'closed-off',
    advice: 'Issues are turned off here: turn them on under Settings → General → Features.',
  },
  // Things that are there, gone or closed.
  {
    status: 403,
    message: /archived/i,
    means: 'unknown',
    advice:
      'Unarchive the repository (Settings → General), or delete the workflow file so that it is not started again.',
  },
  { status: 422, message: /already exists/i, means: 'exists' },
  {
    status: 403,
    message: /not permitted to create or approve pull requests|not permitted to create/i,
    means: 'forbidden',
  },
  { status: [403, 422], message: /locked/i, means: 'closed-off' },
  { status: 410, means: 'closed-off' },
  // Tokens.
  {
    status: 401,
    means: 'token',
    advice: `The token has expired or was revoked: an App's token lives one hour, GITHUB_TOKEN as long as its job, at most 24 hours. ${RESUMES}`,
  },
  {
    call: CHECK,
    status: 403,
    means: 'token',
    advice:
      'Give the job the permission `checks: write`. A personal access token cannot write check runs; use GITHUB_TOKEN or an App token.',
  },
  {
    status: [403, 404],
    means: 'token',
    advice:
      'Give the job these permissions: contents: write, pull-requests: write, checks: write. A personal access token cannot write check runs; use GITHUB_TOKEN or an App token.',
  },
  {
    status: 'server',
    means: 'lost',
    advice:
      'GitHub has a problem: see https://www.githubstatus.com. The next run resumes where this one stopped.',
  },
]

export interface Reading {
  means: Meaning
  /** What a person can do, as a sentence. */
  advice: string
  status: number
  /** GitHub's own words. */
  message: string
}

/** What a failed request means; undefined when the error is no answer of GitHub, nor the lack of one. */
export function readAnswer(error: unknown): Reading | undefined {
  if (!(error instanceof RequestError)) return undefined
  const { status, message } = error
  const call = `${error.request.method} ${new URL(error.request.url).pathname}`
  const row = ROWS.find(
    (one) =>
      isOf(one.status, status) && (one.call?.test(call) ?? true) && (one.message?.test(message) ?? true),
  )
  const {
    means = 'unknown',
    advice = 'If you did not expect this, please report it and include this message.',
  } = row ?? {}
  return { means, advice, status, message: message.replace(/ - https:\/\/docs\.github\.com\S*$/, '').trim() }
}

export function means(error: unknown, ...meanings: readonly Meaning[]): boolean {
  const reading = readAnswer(error)
  return reading !== undefined && meanings.includes(reading.means)
}

function isOf(expected: Row['status'], status: number): boolean {
  if (expected === 'server') return status >= 500
  return typeof expected === 'number' ? expected === status : expected.includes(status)
}
