// What must be true after what people did to pull requests.
import { candidateBranch } from '../../src/core/record/candidate.ts'
import type { State } from '../../src/core/record/state.ts'
import type { Repository } from '../loopback-github/store.ts'
import { BASELINE, type People } from './people.ts'

type Shown = Pick<Repository, 'pulls' | 'comments' | 'checkRuns'>
type Decided = Pick<State, 'candidates'>

const REFUSED = 'GitHub refused the merge'

/** Who asked for an idea, when, and when their job began, in milliseconds. */
export interface Asking {
  job: string
  began: number
  at: number
}

interface Facts {
  people: Pick<People, 'renamed' | 'reopened' | 'pauses' | 'retargeted'>
  askings: readonly Asking[]
  /** For how long reads may show what was there before. */
  lagMilliseconds: number
  /** The same by GitHub's clock. */
  lagSeconds: number
}

/** How long it can take from the last look at a pull request to its merge, in seconds of GitHub's clock. */
const MERGING_SECONDS = 20

export function peopleViolations(facts: Facts, repository: Shown, state: Decided): string[] {
  return [
    ...overruled(facts, repository, state),
    ...renamed(facts, repository),
    ...proposedInPause(facts),
    ...refusalsLeft(repository, state),
  ]
}

/** Nothing of ours is merged elsewhere, and nothing is closed that is a person's by now. */
function overruled(facts: Facts, { pulls }: Shown, state: Decided): string[] {
  const { people } = facts
  const ends = new Map(
    [...state.candidates.values()].map(({ id, end }) => [candidateBranch(id), end?.kind] as const),
  )
  return pulls.flatMap(({ number, head, base, merged, mergedAt, mergedBy, closedBy }) => {
    const seconds = (Date.parse(mergedAt ?? '') - Date.parse(people.retargeted.get(number) ?? '')) / 1000
    // A merge request cannot name the base branch, so nobody can help a change that no read shows yet.
    const couldKnow = !(seconds <= facts.lagSeconds + MERGING_SECONDS)
    if (mergedBy?.type === 'Bot' && base.ref !== BASELINE && couldKnow)
      return [`#${number} was merged into ${base.ref}`]
    if (merged && base.ref !== BASELINE && ends.get(head.ref) === 'merged')
      return [`#${number} counts as merged, and was merged into ${base.ref}`]
    const isTheirs = ends.get(head.ref) === 'withdrawn' || people.reopened.has(number)
    if (closedBy?.type === 'Bot' && !merged && isTheirs) return [`#${number} was closed, which is a person's`]
    return []
  })
}

function renamed({ people }: Facts, { pulls }: Shown): string[] {
  return pulls.flatMap(({ number, title, body }) => {
    const words = people.renamed.get(number)
    const isKept = words === undefined || (words.title === title && words.body === body)
    return isKept ? [] : [`#${number} lost the words of a person: ${title}`]
  })
}

/** A job that began when everybody could see the label asks for no idea while it is there. */
function proposedInPause({ people, askings, lagMilliseconds }: Facts): string[] {
  return people.pauses.flatMap(({ from, to = Number.POSITIVE_INFINITY }) =>
    askings
      .filter(({ began, at }) => began > from + lagMilliseconds && at < to)
      .map(({ job }) => `${job} asked for an idea while research was paused`),
  )
}

/** Once it is merged, nothing says any more that GitHub refused. */
function refusalsLeft({ pulls, comments }: Shown, state: Decided): string[] {
  return [...state.candidates.values()].flatMap(({ pullRequest, end }) => {
    if (end?.kind !== 'merged' || !pulls.some(({ number }) => number === pullRequest)) return []
    const said = comments.some(
      ({ issueNumber, user, body }) =>
        issueNumber === pullRequest && user.type === 'Bot' && body.includes(REFUSED),
    )
    return said ? [`#${pullRequest} is merged, and its comment says that GitHub refused`] : []
  })
}

/** A winner that waits as a draft says so, first on its comment and in the title of its check. */
export function heldViolations(
  people: Pick<People, 'commentDeleted'>,
  { pulls, comments, checkRuns }: Shown,
  state: Decided | undefined,
): string[] {
  return [...(state?.candidates.values() ?? [])].flatMap(({ pullRequest, head, end, refusal }) => {
    const pull = pulls.find(({ number, draft }) => draft && number === pullRequest)
    if (!pull || end !== undefined || refusal === undefined) return []
    const isSaid = comments.some(
      ({ issueNumber, user, body }) =>
        issueNumber === pullRequest && user.type === 'Bot' && body.includes(`${REFUSED}**`),
    )
    const check = checkRuns.find(({ headSha }) => headSha === head)
    return [
      ...(isSaid || people.commentDeleted.has(pull.number)
        ? []
        : [`#${pull.number} does not say why it waits`]),
      ...(check?.output.title?.startsWith(REFUSED)
        ? []
        : [`the check of #${pull.number} does not say why it waits`]),
      ...(refusal.includes('draft')
        ? []
        : [`#${pull.number} waits as a draft, and its refusal says: ${refusal}`]),
    ]
  })
}
