// F40: the action is killed with SIGKILL at effect boundaries and started again. Whatever the boundaries, the candidate
// ends with one pull request, one check run, one comment and one ledger line of each kind, and the same verdict.
import { expect, it } from 'vitest'
import type { RunningJob } from '../runner.ts'
import { proposal, REPOSITORY, type Research, startResearch } from './research.ts'

const better = proposal('Learn faster', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.4')
const PUSH = `/${REPOSITORY}.git/git-receive-pack`
const REST = `^/repos/${REPOSITORY}`

/** What the job is doing when it is killed. */
interface Boundary {
  name: string
  method: string
  path: string | RegExp
  containing?: string
}

/** In the order in which a candidate's life has them. */
const BOUNDARIES: Boundary[] = [
  {
    name: 'creating the ledger',
    method: 'POST',
    path: PUSH,
    containing: ' refs/heads/autoresearch/baseline',
  },
  { name: 'pushing a candidate', method: 'POST', path: PUSH, containing: ' refs/heads/autoresearch/c/' },
  { name: 'opening the pull request', method: 'POST', path: new RegExp(`${REST}/pulls$`) },
  { name: 'starting the check run', method: 'POST', path: new RegExp(`${REST}/check-runs$`) },
  { name: 'concluding the check run', method: 'PATCH', path: new RegExp(`${REST}/check-runs/`) },
  { name: 'commenting', method: 'POST', path: new RegExp(`${REST}/issues/\\d+/comments$`) },
  { name: 'merging', method: 'PUT', path: new RegExp(`${REST}/pulls/\\d+/merge$`) },
]

/** Starts the action on one candidate, which it proposes unless an earlier job did. */
async function startJob(research: Research): Promise<RunningJob> {
  const proposed = await research.ledger().then(
    (events) => events.filter((event) => event.kind === 'proposed').length,
    () => 0,
  )
  return research.start({ command: 'run', candidates: String(1 - proposed) })
}

/** Starts the action and kills it when the server gets the request; `after` the request is carried out first. */
async function runUntilKilled(
  research: Research,
  { name, ...request }: Boundary,
  when: 'before' | 'after',
): Promise<void> {
  let pid = 0
  research.github.fault({
    ...request,
    meanwhile: () => {
      process.kill(pid, 'SIGKILL')
    },
    ...(when === 'before' ? { dropResponse: 'before' } : {}),
  })
  const job = await startJob(research)
  pid = job.pid
  const { signal, log } = await job.finished
  expect(signal, `${name}: ${log}`).toBe('SIGKILL')
}

async function expectOneOfEach(research: Research): Promise<void> {
  const events = await research.ledger()
  const verdicts = events.flatMap((event) => (event.kind === 'judged' ? [event.verdict] : []))
  expect(
    verdicts.map(({ kind }) => kind),
    verdicts.at(-1)?.reason,
  ).toEqual(['merge'])
  const { pulls, checkRuns, comments } = research.github.repository(REPOSITORY)
  expect(pulls.map(({ title, merged }) => ({ title, merged }))).toEqual([
    { title: 'Learn faster', merged: true },
  ])
  expect(checkRuns.map(({ conclusion }) => conclusion)).toEqual(['success'])
  expect(comments).toHaveLength(1)
  const count = (kind: string) => events.filter((event) => event.kind === kind).length
  expect({
    proposed: count('proposed'),
    opened: count('opened'),
    judged: count('judged'),
    ended: count('ended'),
  }).toEqual({
    proposed: 1,
    opened: 1,
    judged: 1,
    ended: 1,
  })
  const trials = events.flatMap((event) => (event.kind === 'trial' ? [event.result.trial.id] : []))
  expect(new Set(trials).size).toBe(trials.length)
}

const isStart = ({ name }: Boundary) => name === 'starting the check run'

/** Every job resumes what the one before it left behind: a life with many kills costs a fraction of as many lives. */
const LIVES = [
  // Without a check run that was started there is none to conclude.
  {
    life: 'before each effect but one',
    when: 'before',
    boundaries: BOUNDARIES.filter((one) => !isStart(one)),
  },
  { life: 'before it starts the check run', when: 'before', boundaries: BOUNDARIES.filter(isStart) },
  { life: 'after each effect', when: 'after', boundaries: BOUNDARIES },
] as const

for (const { life, when, boundaries } of LIVES)
  it.concurrent(`F40 killed ${life}, it resumes to one of each`, async () => {
    await using research = await startResearch(BOUNDARIES.map(() => better))
    for (const boundary of boundaries) await runUntilKilled(research, boundary, when)
    const { exitCode, log } = await (await startJob(research)).finished
    expect(exitCode, log).toBe(0)
    await expectOneOfEach(research)
  })
