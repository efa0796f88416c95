// F40: the action is killed with SIGKILL at an effect boundary and started again. Whatever the boundary, the candidate
// ends with one pull request, one check run, one comment and one ledger line of each kind, and the same verdict.
import { expect, it } from 'vitest'
import type { Fault } from '../loopback-github/index.ts'
import { proposal, REPOSITORY, type Research, startResearch } from './research.ts'

const better = proposal('Learn faster', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.4')
const PUSH = `/${REPOSITORY}.git/git-receive-pack`
const REST = `^/repos/${REPOSITORY}`

/** What the job is doing when it is killed. */
const BOUNDARIES: { name: string; method: string; path: string | RegExp; skip?: number }[] = [
  { name: 'creating the ledger and the baseline', method: 'POST', path: PUSH },
  { name: 'pushing a candidate with its ledger line', method: 'POST', path: PUSH, skip: 1 },
  { name: 'opening the pull request', method: 'POST', path: new RegExp(`${REST}/pulls$`) },
  { name: 'starting the check run', method: 'POST', path: new RegExp(`${REST}/check-runs$`) },
  { name: 'concluding the check run', method: 'PATCH', path: new RegExp(`${REST}/check-runs/`) },
  { name: 'commenting', method: 'POST', path: new RegExp(`${REST}/issues/\\d+/comments$`) },
  { name: 'merging', method: 'PUT', path: new RegExp(`${REST}/pulls/\\d+/merge$`) },
]

/** Starts the action and kills it when the server gets the request; with `effect`, the request is carried out first. */
async function runUntilKilled(
  research: Research,
  boundary: (typeof BOUNDARIES)[number],
  effect: boolean,
): Promise<void> {
  const { method, path, skip = 0 } = boundary
  let pid = 0
  let seen = 0
  const kill: Fault = {
    method,
    path,
    times: skip + 1,
    meanwhile: () => {
      if (seen++ === skip) process.kill(pid, 'SIGKILL')
    },
  }
  // A fault hits each matching request once; the last one is where we kill.
  if (skip > 0) research.github.fault({ ...kill, times: skip })
  research.github.fault({ ...kill, times: 1, ...(effect ? {} : { dropResponse: 'before' }) })
  const job = await research.start({ command: 'run', candidates: '1' })
  pid = job.pid
  const finished = await job.finished
  expect(finished.signal).toBe('SIGKILL')
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

const cases = BOUNDARIES.flatMap((boundary) => [
  { ...boundary, when: 'before', effect: false },
  { ...boundary, when: 'after', effect: true },
])

for (const { when, effect, ...boundary } of cases)
  it.concurrent(`F40 killed ${when} ${boundary.name}, it resumes to one of each`, async () => {
    await using research = await startResearch([better, better])
    await runUntilKilled(research, boundary, effect)
    const proposed = await research.ledger().then(
      (events) => events.filter((event) => event.kind === 'proposed').length,
      () => 0,
    )
    const job = await research.run({ command: 'run', candidates: String(1 - proposed) })
    expect(job.exitCode, job.log).toBe(0)
    await expectOneOfEach(research)
  })
