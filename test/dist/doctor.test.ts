// The built action examines a repository: as a workflow job on the loopback GitHub, and in a clone without GitHub.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { gitIn } from '../scaffold.ts'
import { REPOSITORY, startResearch } from './research.ts'

const ACTION = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
const KNOBS = { proposers: [{ kind: 'knobs' }] }

interface Report {
  ready: boolean
  conclusion: string
  checks: { id: string; state: string; text: string; remedy: string | null }[]
}

const statesOf = ({ checks }: Report) => Object.fromEntries(checks.map(({ id, state }) => [id, state]))

it.concurrent('finds a repository ready after real runs, and changes nothing on GitHub', async () => {
  const tools = [{ label: 'doctor', answers: [{ toolCalls: [{ name: 'ready', arguments: {} }] }] }]
  await using research = await startResearch(tools)
  const job = await research.run({ command: 'doctor' })
  expect(job.exitCode, job.log).toBe(0)
  const report: Report = JSON.parse(job.outputs.summary ?? '')
  expect(report).toMatchObject({ ready: true, conclusion: 'Ready.' })
  expect(statesOf(report)).toMatchObject({
    'token-checks': 'ok',
    run: 'ok',
    seeds: 'ok',
    repeat: 'ok',
    night: 'ok',
  })
  expect(job.summary).toContain('## Autoresearch doctor: Ready.')
  const { pulls, checkRuns, issues, git } = research.github.repository(REPOSITORY)
  expect({ pulls, checkRuns, issues }).toEqual({ pulls: [], checkRuns: [], issues: [] })
  expect([...(await git.refs('refs/heads/'))].map(([name]) => name)).toEqual(['refs/heads/main'])
  expect(research.github.violations).toEqual([])
})

it.concurrent('fails with the first thing to do, after all other checks', async () => {
  const metric = { name: 'val_loss', direction: 'minimize', pattern: '^never_printed: (\\S+)' }
  await using research = await startResearch([], { ...KNOBS, metric })
  const settings = research.github.repository(REPOSITORY)
  settings.settings.allowActionsToCreatePullRequests = false
  settings.rules['autoresearch/**'] = { requirePullRequest: true }
  const job = await research.run({ command: 'doctor' })
  expect(job.exitCode).toBe(1)
  const report: Report = JSON.parse(job.outputs.summary ?? '')
  const problems = report.checks.filter(({ state }) => state === 'problem').map(({ id }) => id)
  expect(problems).toEqual(['pull-request-setting', 'rules-ledger', 'rules-candidates', 'run'])
  expect(job.log).toContain(
    'Not ready. First: Tick "Allow GitHub Actions to create and approve pull requests"',
  )
})

async function aClone(research: Awaited<ReturnType<typeof startResearch>>) {
  const home = await mkdtemp(join(tmpdir(), 'autoresearch-test-'))
  const clone = join(home, 'clone')
  await gitIn(home, ['clone', '--quiet', research.github.repository(REPOSITORY).gitDir, clone])
  return {
    doctor: (...flags: string[]) =>
      new Promise<{ code: number; stdout: string }>((resolve) => {
        const env = { PATH: process.env.PATH, HOME: home }
        const child = execFile(
          process.execPath,
          [ACTION, 'doctor', ...flags],
          { cwd: clone, env },
          (_, stdout) => resolve({ code: child.exitCode ?? -1, stdout }),
        )
      }),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  }
}

it.concurrent('works in a clone without GitHub', async () => {
  await using research = await startResearch([], { ...KNOBS, setup: 'echo ready' })
  await using clone = await aClone(research)
  const { code, stdout } = await clone.doctor('--json')
  expect(code, stdout).toBe(0)
  const report: Report = JSON.parse(stdout)
  expect(statesOf(report)).toMatchObject({ token: 'skipped', run: 'ok', night: 'ok' })
})
