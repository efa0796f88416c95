// What killed jobs, people and GitHub's rules leave behind, and what the next job makes of it.
import { describe, expect, test } from 'vitest'
import { planTrials } from '../../src/core/plan/schedule.ts'
import { type Candidate, candidateBranch } from '../../src/core/record/candidate.ts'
import { statusOf } from '../../src/core/record/status.ts'
import { LedgerError } from '../../src/errors.ts'
import { forgeLane } from '../../src/session/lanes/forge.ts'
import { openSession } from '../../src/session/opening.ts'
import { aCandidate, aTrialResult, aVerdict, trialResults } from '../factories.ts'
import { aLab, configHash } from '../fakes/lab.ts'
import { SETTINGS } from '../fakes/world.ts'

const CONFIG = `editable: [train.py]
train: python train.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
`
const CANDIDATE = aCandidate({ name: 'dropout', pullRequest: 7 })
const BRANCH = candidateBranch(CANDIDATE.id)
const HASH = configHash(CONFIG)

type Event = Parameters<ReturnType<typeof aLab>['world']['ledger']['write']>[0]

/** A candidate with a pull request and a check in progress, on a baseline of 2.5 ± 0.022. */
async function here(values: readonly number[], ...more: Event[]) {
  return hereWith(CANDIDATE, values, ...more)
}

async function hereWith(proposed: Candidate, values: readonly number[], ...more: Event[]) {
  const runs = values.map((value, index) =>
    aTrialResult({ candidate: CANDIDATE, config: HASH, value, replicate: index + 1 }),
  )
  const results = [...trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53], { config: HASH }), ...runs]
  const trials = results.map((result): Event => ({ kind: 'trial', result }))
  const lab = aLab({
    config: CONFIG,
    events: [{ kind: 'proposed', candidate: proposed }, ...trials, ...more],
  })
  const { ports, world, forge } = lab
  const pull = forge.add({ number: 7, branch: BRANCH, head: CANDIDATE.head })
  const name = 'autoresearch / val_bpb'
  await forge.putCheckRun(CANDIDATE.head, { name, status: 'in_progress', title: 'Training', summary: '' })
  const job = async () => {
    const session = await openSession(ports, SETTINGS)
    await forgeLane(session)
    await session.flushed()
    const candidate = session.state.candidates.get(CANDIDATE.id)
    return { session, candidate, status: candidate && statusOf(candidate) }
  }
  const check = () => forge.checks.get(`${CANDIDATE.head} ${name}`)
  const hasBranch = () => world.repository.branches.has(BRANCH)
  return { ...lab, pull, job, check, hasBranch }
}

const REJECTED: Event = {
  kind: 'judged',
  candidate: CANDIDATE.id,
  head: CANDIDATE.head,
  verdict: aVerdict({ kind: 'reject', reason: 'worse' }),
}

describe('a job that died before it could record the end', () => {
  test('F116 closed: the next job concludes it and removes the branch', async () => {
    const { job, pull, hasBranch, check, forge } = await here([2.6], REJECTED)
    pull.state = 'closed'
    expect((await job()).status).toBe('rejected')
    expect(hasBranch()).toBe(false)
    expect(check()).toMatchObject({ status: 'completed', conclusion: 'failure' })
    expect(forge.comments).toHaveLength(1)
  })

  test('F116 a branch that stayed although its candidate has ended is removed', async () => {
    const ended: Event = { kind: 'ended', candidate: CANDIDATE.id, end: { kind: 'closed' } }
    const { job, pull, hasBranch } = await here([2.6], REJECTED, ended)
    pull.state = 'closed'
    expect(hasBranch()).toBe(true)
    await job()
    expect(hasBranch()).toBe(false)
  })
})

describe('a person who acts before the verdict is published', () => {
  test('F119 closes: the check is concluded, the comment written, the branch removed', async () => {
    const { job, pull, check, forge, hasBranch } = await here([])
    pull.state = 'closed'
    expect((await job()).status).toBe('withdrawn')
    expect(check()).toMatchObject({ conclusion: 'neutral', title: 'a person closed the pull request' })
    expect(forge.comments).toMatchObject([{ pullRequest: 7, body: expect.stringContaining('Not decided') }])
    expect(hasBranch()).toBe(false)
  })

  test('F119 deletes the branch: the check is concluded, the comment written', async () => {
    const { job, check, forge, world } = await here([])
    world.repository.branches.delete(BRANCH)
    expect((await job()).status).toBe('withdrawn')
    expect(check()).toMatchObject({ conclusion: 'neutral' })
    expect(forge.comments).toHaveLength(1)
  })

  test('F119 deletes the branch before a killed job had recorded the pull request: the same', async () => {
    const { pullRequest: _, ...unrecorded } = CANDIDATE
    const { job, pull, check, forge, world } = await hereWith(unrecorded, [])
    // GitHub closes a pull request whose branch is deleted.
    world.repository.branches.delete(BRANCH)
    pull.state = 'closed'
    const { candidate, status } = await job()
    expect([candidate?.pullRequest, status]).toEqual([7, 'withdrawn'])
    expect(check()).toMatchObject({ conclusion: 'neutral', title: 'a person closed the pull request' })
    expect(forge.comments).toMatchObject([{ pullRequest: 7 }])
  })

  test('F119 pushes to the branch: the check is concluded, and their branch stays', async () => {
    const { job, check, world, hasBranch } = await here([])
    world.repository.branches.set(BRANCH, world.tip)
    expect((await job()).status).toBe('withdrawn')
    expect(check()).toMatchObject({ conclusion: 'neutral' })
    expect(hasBranch()).toBe(true)
  })

  test('F119 deletes the branch while it is replayed: what the person did is followed', async () => {
    const { job, check, forge, world, hasBranch } = await here([])
    world.push({ 'other.py': '1' })
    const { repository } = world
    const replay = repository.rebase.bind(repository)
    repository.rebase = async (...request) => {
      repository.branches.delete(BRANCH)
      return replay(...request)
    }
    expect((await job()).status).toBe('withdrawn')
    expect(check()).toMatchObject({ conclusion: 'neutral', title: 'a person deleted the branch' })
    expect(forge.comments).toHaveLength(1)
    expect(hasBranch()).toBe(false)
    expect(world.ledger.kinds).not.toContain('rebased')
  })

  test('F119 gives the pull request another base: withdrawn, with words', async () => {
    const { job, pull, check, hasBranch } = await here([2.6], REJECTED)
    pull.base = 'release'
    expect((await job()).candidate?.end).toMatchObject({
      kind: 'withdrawn',
      reason: 'a person changed the base branch of the pull request',
    })
    expect(check()).toMatchObject({ conclusion: 'neutral' })
    expect(pull.state).toBe('open')
    // Deleting the branch would close what is the person's now.
    expect(hasBranch()).toBe(true)
  })

  test('F119 F50 merges it into another branch: withdrawn, and the baseline has not moved', async () => {
    const { job, pull, check } = await here([2.6], REJECTED)
    Object.assign(pull, {
      base: 'release',
      state: 'merged',
      mergeCommit: CANDIDATE.head,
      mergedBy: 'octocat',
    })
    const { candidate } = await job()
    expect(candidate?.end).toEqual({
      kind: 'withdrawn',
      reason: 'it was merged into another branch than the baseline',
    })
    expect(check()).toMatchObject({ conclusion: 'neutral' })
  })

  test('F119 F49 reopens what was closed: their pull request and its branch are left alone', async () => {
    const ended: Event = { kind: 'ended', candidate: CANDIDATE.id, end: { kind: 'closed' } }
    const { job, pull, hasBranch } = await here([2.6], REJECTED, ended)
    expect((await job()).status).toBe('rejected')
    expect(pull.state).toBe('open')
    expect(hasBranch()).toBe(true)
  })

  test('F119 F50 reopens and merges what was closed: the new baseline names who merged it', async () => {
    const ended: Event = { kind: 'ended', candidate: CANDIDATE.id, end: { kind: 'closed' } }
    const { job, pull, world, hasBranch } = await here([2.6], REJECTED, ended)
    world.repository.branches.set('autoresearch/baseline', CANDIDATE.head)
    Object.assign(pull, { state: 'merged', mergeCommit: CANDIDATE.head, mergedBy: 'octocat' })
    const { session } = await job()
    expect(session.baseline).toMatchObject({ merge: { pullRequest: 7, by: 'octocat' } })
    expect(hasBranch()).toBe(false)
  })

  test('F119 gives another base to one that a killed job opened and did not record: no second one', async () => {
    const { pullRequest: _, ...unrecorded } = CANDIDATE
    const { job, pull, forge, world } = await hereWith(unrecorded, [])
    pull.base = 'main'
    world.push({ 'README.md': '# Changed' })
    await job()
    expect((await job()).candidate?.end).toMatchObject({
      kind: 'withdrawn',
      reason: 'a person changed the base branch of the pull request',
    })
    expect(forge.pulls).toHaveLength(1)
  })

  test('F119 F50 changes the base in the moment of our merge: withdrawn, and the log says how to undo it', async () => {
    const { job, forge, world, check, log } = await here([2.34, 2.35])
    const before = world.repository.branches.get('autoresearch/baseline') ?? ''
    world.repository.branches.set('main', before)
    forge.onMerging = (pull) => Object.assign(pull, { base: 'main' })
    const { candidate, session } = await job()
    const merged = world.repository.branches.get('main')
    expect(merged).not.toBe(before)
    expect(candidate?.end).toEqual({
      kind: 'withdrawn',
      reason: 'it was merged into another branch than the baseline',
    })
    expect(session.baseline.commit).toBe(before)
    expect(log.warnings.join()).toContain(`git revert ${merged}`)
    expect(check()).toMatchObject({ conclusion: 'neutral' })
  })

  test('F119 F50 merges between our last look and our closing: the merge counts, with who made it', async () => {
    const { job, pull, forge, world, check, recorded } = await here([2.6], REJECTED)
    const close = forge.close.bind(forge)
    forge.close = (number) => {
      world.repository.branches.set('autoresearch/baseline', CANDIDATE.head)
      Object.assign(pull, { state: 'merged', mergeCommit: CANDIDATE.head, mergedBy: 'octocat' })
      return close(number)
    }
    const { candidate, session } = await job()
    expect(candidate?.end).toEqual({ kind: 'merged', commit: CANDIDATE.head, asTrained: true })
    expect(session.baseline).toMatchObject({ merge: { pullRequest: 7, by: 'octocat' } })
    expect(check()).toMatchObject({ status: 'completed' })
    expect(recorded().filter(({ kind }) => kind === 'ended')).toHaveLength(2)
  })

  test('F119 moves the baseline: the check on the replayed-away head is concluded', async () => {
    const { job, check, world } = await here([])
    world.push({ 'other.py': '1' })
    const { candidate } = await job()
    expect(candidate?.head).not.toBe(CANDIDATE.head)
    expect(check()).toMatchObject({ conclusion: 'neutral', title: expect.stringContaining('replayed as') })
  })
})

describe('a merge that GitHub refuses', () => {
  const QUEUE = 'Changes must be made through the merge queue. Later jobs try again.'

  test('F89 is said first on pull request and check, and research goes on', async () => {
    const { job, forge, check, pull } = await here([2.34, 2.35])
    forge.refusal = QUEUE
    const { session, status } = await job()
    expect(status).toBe('handed-over')
    expect(pull.state).toBe('open')
    expect(check()?.title).toMatch(/^GitHub refused the merge/)
    expect(check()?.summary).toMatch(/^\*\*GitHub refused the merge\*\*: Changes must be made/)
    expect(forge.comments[0]?.body.split('\n\n')[1]).toMatch(/^\*\*GitHub refused the merge\*\*/)
    expect(session.state.candidates.get(CANDIDATE.id)?.end).toBeUndefined()
    expect(planTrials(session.state, session.conditions, session.policy)).toEqual([])
    expect(session.steps).toEqual([])
  })

  test('F89 is tried again in the next job, and the words go when it works', async () => {
    const { job, forge, check } = await here([2.34, 2.35])
    forge.refusal = QUEUE
    await job()
    expect((await job()).status).toBe('handed-over')
    forge.refusal = undefined
    expect((await job()).status).toBe('merged')
    expect(check()?.title).not.toContain('refused')
    expect(forge.comments).toHaveLength(1)
    expect(forge.comments[0]?.body).not.toContain('refused the merge')
  })

  test('F89 a person who closes it meanwhile decides', async () => {
    const { job, forge, pull } = await here([2.34, 2.35])
    forge.refusal = QUEUE
    await job()
    pull.state = 'closed'
    expect((await job()).status).toBe('withdrawn')
  })

  test('F89 a person who merges it meanwhile decides, and the words of the refusal go', async () => {
    const { job, forge, pull, world, check } = await here([2.34, 2.35])
    forge.refusal = QUEUE
    await job()
    world.repository.branches.set('autoresearch/baseline', CANDIDATE.head)
    Object.assign(pull, { state: 'merged', mergeCommit: CANDIDATE.head, mergedBy: 'octocat' })
    expect((await job()).status).toBe('merged')
    expect(check()?.title).not.toContain('refused')
    expect(forge.comments[0]?.body).not.toContain('refused the merge')
  })
})

test('F120 a new ledger closes the pull requests of the lost one, and reuses no branch', async () => {
  const { ports, world, forge, pull, check } = await here([])
  world.ledger.text = ''
  const session = await openSession(ports, { ...SETTINGS, newLedger: true, rootSeed: 'another' })
  await session.flushed()
  expect(pull.state).toBe('closed')
  expect(check()).toMatchObject({ conclusion: 'neutral' })
  expect(forge.comments).toMatchObject([{ body: expect.stringContaining('a new one was started') }])
  expect(world.repository.branches.has(BRANCH)).toBe(false)
  expect(world.ledger.kinds).toEqual(['started', 'baseline'])
})

test('F88 the ledger cannot be written while the forge lane waits: it ends with that error', async () => {
  const { ports, world } = await here([])
  const session = await openSession(ports, SETTINGS)
  await session.flushed()
  world.ledger.failure = new LedgerError('refused', { hint: 'look' })
  const lane = forgeLane(session, () => true)
  session.record([{ kind: 'certify', to: world.tip }])
  await expect(lane).rejects.toThrow('refused')
})
