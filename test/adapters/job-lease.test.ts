// Which of several jobs works on a repository, on real git.
import { describe, expect, test } from 'vitest'
import type { GitContext } from '../../src/adapters/git/git.ts'
import { createJobLease, LEASE_REF } from '../../src/adapters/git/job-lease.ts'
import { connect } from '../../src/adapters/github/client.ts'
import { createForge } from '../../src/adapters/github/github.ts'
import { thisProcess } from '../../src/adapters/leftovers.ts'
import { BusyError, ForgeError } from '../../src/errors.ts'
import type { Clock } from '../../src/ports/job.ts'
import { AT } from '../fakes/clock.ts'
import { FakeLog } from '../fakes/log.ts'
import { aRepository } from '../loopback-github/fixtures.ts'
import { aDirectory, aRemote, gitIn } from '../scaffold.ts'
import { textLedger } from './ledger-lab.ts'

const FILES = { 'train.js': 'lr = 1\n' }
const append = (line: string) => (text: string) => `${text}${line}\n`

/** Short pauses pass at once. The minute between two renewals passes only when a test says so. */
class LeaseClock implements Clock {
  seconds = 0
  /** How fast time passes in short pauses. */
  pace = 1
  /** Called at every short pause. */
  onPause: () => Promise<unknown> = async () => {}
  #minute: () => void = () => {}

  now = () => new Date(AT.getTime() + 1000 * this.seconds)
  monotonicSeconds = () => this.seconds

  async pause(seconds: number, signal: AbortSignal): Promise<void> {
    if (seconds >= 60) {
      await new Promise<void>((resolve) => {
        this.#minute = resolve
        signal.addEventListener('abort', () => resolve())
      })
      return
    }
    await this.onPause()
    this.seconds += this.pace * seconds
  }

  passMinute(): void {
    this.seconds += 60
    this.#minute()
  }
}

interface JobFields {
  runUrl?: string
  cancelled?: AbortSignal
}

function aJob(context: GitContext, fields: JobFields = {}) {
  const clock = new LeaseClock()
  const log = new FakeLog()
  const { runUrl, cancelled = new AbortController().signal } = fields
  const lease = createJobLease(context, { runUrl, clock, log, cancelled })
  return { lease, clock, log, store: textLedger(context) }
}

async function twoJobs(fields: JobFields = {}) {
  const remote = await aRemote(FILES)
  const first = aJob(await remote.clone(), { runUrl: 'https://github.com/acme/lab/actions/runs/7' })
  const second = aJob(await remote.clone(), fields)
  await first.lease.take()
  const at = () => remote.git('rev-parse', '--verify', '--quiet', LEASE_REF).catch(() => null)
  return { remote, first, second, at }
}

/** What a job that was killed leaves: a lease that nobody moves any more. */
async function leaveLease(remote: Awaited<ReturnType<typeof aRemote>>, holder: unknown): Promise<void> {
  const tree = await gitIn(remote.directory, ['mktree'], { input: '' })
  const commit = await gitIn(remote.directory, ['commit-tree', tree], { input: JSON.stringify(holder) })
  await remote.git('update-ref', LEASE_REF, commit)
}

describe('F123 a second job', () => {
  test('waits until the first has ended, and says for whom', async () => {
    const { first, second, at } = await twoJobs()
    let looks = 0
    second.clock.onPause = async () => {
      looks += 1
      if (looks === 3) await first.lease.release()
    }
    await second.lease.take()
    expect(looks).toBe(3)
    expect(second.log.infos).toEqual([
      expect.stringMatching(
        /^Waiting, because another job works here: https:\/\/github\.com\/acme\/lab\/actions\/runs\/7 on /,
      ),
    ])
    await second.lease.release()
    expect(await at()).toBeNull()
  })

  test('ends with words when the first works for long', async () => {
    const { first, second } = await twoJobs()
    second.clock.onPause = () => first.lease.renew()
    second.clock.pace = 9
    await expect(second.lease.take()).rejects.toMatchObject({
      name: 'BusyError',
      message: expect.stringMatching(/^another job works on this repository: https:.*\/runs\/7 on /),
      hint: expect.stringContaining('`concurrency` group'),
    })
    expect(second.clock.seconds).toBe(900)
    await first.lease.confirm()
  })

  test('stops waiting when it is cancelled', async () => {
    const { second } = await twoJobs({ cancelled: AbortSignal.abort() })
    await expect(second.lease.take()).rejects.toThrow(BusyError)
    expect(second.clock.seconds).toBe(0)
  })

  test('takes over when the lease has not moved for five minutes of its own clock', async () => {
    const { second, first } = await twoJobs()
    await second.lease.take()
    expect(second.clock.seconds).toBe(300)
    expect(second.log.warnings).toEqual([expect.stringMatching(/^No sign of life for 5m, taking over from /)])
    await expect(first.lease.renew()).rejects.toThrow(/^another job took over, so this one stops: a job on /)
  })

  test('takes over at once from a process of this machine that has ended', async () => {
    const remote = await aRemote(FILES)
    await leaveLease(remote, { host: 'here', process: { ...thisProcess(), began: 'before' } })
    const { lease, clock } = aJob(await remote.clone())
    await lease.take()
    expect(clock.seconds).toBe(0)
  })

  test('knows nothing about processes of other machines', async () => {
    const remote = await aRemote(FILES)
    await leaveLease(remote, { host: 'there', process: { ...thisProcess(), began: '', place: 'elsewhere' } })
    const { lease, clock } = aJob(await remote.clone())
    await lease.take()
    expect(clock.seconds).toBe(300)
  })

  test('takes over from whatever a person put there', async () => {
    const remote = await aRemote(FILES)
    await remote.git('update-ref', LEASE_REF, remote.base)
    const { lease, log } = aJob(await remote.clone())
    await lease.take()
    expect(log.warnings[0]).toContain('whoever moved refs/autoresearch/job')
  })
})

test('F123 of jobs that begin at the same time one works', async () => {
  const remote = await aRemote(FILES)
  const jobs = await Promise.all([1, 2, 3].map(async () => aJob(await remote.clone())))
  for (const { clock } of jobs) clock.pace = 0
  let working = 0
  const most: number[] = []
  const work = jobs.map(async ({ lease }) => {
    await lease.take()
    working += 1
    most.push(working)
    await lease.renew()
    working -= 1
    await lease.release()
  })
  await Promise.all(work)
  expect(most).toEqual([1, 1, 1])
})

describe('F123 a job from which another has taken over', () => {
  test('writes no line to the ledger and moves no branch', async () => {
    const { remote, first, second } = await twoJobs()
    await first.store.update(append('one'), [], 'first')
    await second.lease.take()
    const move = { branch: 'autoresearch/c/x', from: null, to: remote.base }
    await expect(first.store.update(append('two'), [move], 'late')).rejects.toThrow(BusyError)
    expect(await second.store.read()).toBe('one\n')
    expect(await remote.tip(move.branch)).toBeNull()
  })

  test('stops also when the other has ended already', async () => {
    const { first, second, at } = await twoJobs()
    await second.lease.take()
    await second.lease.release()
    await expect(first.lease.renew()).rejects.toThrow(/whoever moved/)
    await first.lease.release()
    expect(await at()).toBeNull()
  })

  test('does not end the lease of the other', async () => {
    const { first, second } = await twoJobs()
    await second.lease.take()
    await expect(first.lease.renew()).rejects.toThrow(BusyError)
    await first.lease.release()
    await second.lease.renew()
  })
})

describe('a lease', () => {
  test('moves with every line that is written, and every minute', async () => {
    const { first, at } = await twoJobs()
    const seen = [await at()]
    await first.store.update(append('one'), [], 'first')
    seen.push(await at())
    first.clock.passMinute()
    await expect.poll(at).not.toBe(seen[1])
    expect(seen[0]).not.toBe(seen[1])
    await first.lease.release()
  })

  test('is renewed before an effect when it is not fresh, as after the sleep of a laptop', async () => {
    const { first, at } = await twoJobs()
    const before = await at()
    await first.lease.confirm()
    expect(await at()).toBe(before)
    first.clock.seconds += 121
    await first.lease.confirm()
    expect(await at()).not.toBe(before)
  })
})

describe('on GitHub', () => {
  async function onGitHub(options: Parameters<typeof aRepository>[0] = {}) {
    const { github, repository, token, issue } = await aRepository(options)
    const remoteUrl = `${github.url}/acme/char-lm.git`
    const job = async (secret = token) => {
      const directory = await aDirectory()
      await gitIn(directory, ['clone', '--quiet', repository.gitDir, '.'])
      return aJob({ directory, remoteUrl, token: secret })
    }
    const at = async () => (await repository.git.readRef(LEASE_REF)) ?? null
    return { github, repository, token, issue, job, at }
  }

  test('rules for all branches do not hold for the lease', async () => {
    const rules = { '**': { noDeletion: true, noForcePush: true, requireSignatures: true } }
    const { job, at } = await onGitHub({ rules })
    const { lease } = await job()
    await lease.take()
    await lease.renew()
    expect(await at()).not.toBeNull()
    await lease.release()
    expect(await at()).toBeNull()
  })

  test('a renewal whose answer is lost is known to have happened', async () => {
    const { github, job, at } = await onGitHub()
    const { lease, store } = await job()
    await lease.take()
    const push = { method: 'POST', path: '/acme/char-lm.git/git-receive-pack' }
    github.fault({ ...push, dropResponse: 'after' })
    await lease.renew()
    github.fault({ ...push, dropResponse: 'after' })
    await store.update(append('one'), [], 'first')
    github.fault({ ...push, status: 502 })
    await lease.renew()
    await lease.release()
    expect(await at()).toBeNull()
    expect(await store.read()).toBe('one\n')
  })

  test('a token that may not write is said at once', async () => {
    const { issue, job } = await onGitHub()
    const { lease } = await job(issue('actions', { contents: 'read' }))
    await expect(lease.take()).rejects.toThrow(ForgeError)
  })

  test('F123 no write is sent once another job has taken over, whatever it waited for', async () => {
    const { github, repository, token } = await aRepository()
    const options = { apiUrl: github.apiUrl, serverUrl: github.url, repository: 'acme/char-lm', token }
    let isOurs = true
    const beforeWrite = async () => {
      if (!isOurs) throw new BusyError('another job took over', { hint: 'Wait.' })
    }
    const log = new FakeLog()
    const forge = createForge(connect({ ...options, log, beforeWrite, secondMilliseconds: 1 }))
    const meanwhile = () => {
      isOurs = false
    }
    github.fault({ method: 'POST', path: /check-runs$/, status: 429, meanwhile })
    const main = (await repository.git.readRef('refs/heads/main')) ?? ''
    const check = { name: 'x', status: 'in_progress', title: 'x', summary: 'x' } as const
    await expect(forge.putCheckRun(main, check, true)).rejects.toThrow('another job took over')
    expect(github.requests.filter(({ method }) => method === 'POST')).toHaveLength(1)
    expect(repository.checkRuns).toEqual([])
  })
})
