// The tools of docs/debugging.md, one after the other, as a contributor would use them.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa, execaSync } from 'execa'
import { expect, it } from 'vitest'
import { startGitHub } from '../loopback-github/index.ts'
import { aDirectory } from '../scaffold.ts'

const SCRIPTS = fileURLToPath(new URL('../../scripts', import.meta.url))
const RESEARCH = fileURLToPath(new URL('../fixtures/research', import.meta.url))
const INSTALLED = execaSync('bwrap', ['--version'], { reject: false }).exitCode === 0

const script = (name: string, args: readonly string[], cwd: string) =>
  execa('node', [join(SCRIPTS, name), ...args], { cwd, reject: false })

/** The address that `npm run github` prints, for a repository that trains. */
async function aCloneUrl(onEnd: (close: () => Promise<void>) => void): Promise<string> {
  const github = await startGitHub()
  onEnd(() => github.close())
  const repository = 'acme/research'
  await github.createRepository(repository, { from: RESEARCH, allowActionsToCreatePullRequests: true })
  const permissions = { contents: 'write', pull_requests: 'write', checks: 'write', issues: 'write' } as const
  const token = github.issueToken({ repository, kind: 'actions', permissions })
  return `${github.url.replace('//', `//x-access-token:${token}@`)}/${repository}.git`
}

it('a job runs, its ledger replays, and a command runs in the sandbox of a trial it kept', async ({
  onTestFinished,
}) => {
  const [url, directory] = [await aCloneUrl(onTestFinished), await aDirectory()]
  const job = await script('job.ts', [url, '--debug', 'candidates=1', 'time-budget=2m'], directory)
  expect(job.exitCode, job.stdout).toBe(0)
  expect(job.stdout).toMatch(/^Output {2}report = .*report\.html$/m)

  const replayed = await script('replay.ts', [url], directory)
  expect(replayed.stdout, replayed.stderr).toMatch(/^#1 .*\n[\s\S]*Candidates: 1\./)

  const folder = /kept the folder of this trial: (.+)/.exec(job.stdout)?.[1] ?? ''
  expect(await readdir(folder)).toEqual(expect.arrayContaining(['out', 'source']))
  if (!INSTALLED) return
  const inside = await script(
    'sandbox.ts',
    [folder, 'touch written && ls; echo $AUTORESEARCH_OUT'],
    directory,
  )
  expect(inside.stdout, inside.stderr).toMatch(/train\.mjs[\s\S]*written/)
  expect(inside.stdout).toContain('/autoresearch/out')
})

it.each([
  ['job.ts', ['nowhere'], 'the clone URL is missing'],
  ['job.ts', ['http://127.0.0.1:1/a/b.git', 'colour=red'], 'colour is not an input of the action'],
  ['replay.ts', ['.'], 'not appear to be a git repository'],
  ['replay.ts', [], 'Usage'],
  ['sandbox.ts', [], 'Usage'],
])('%s %s says what is wrong', async (name, args, problem) => {
  const { exitCode, stderr } = await script(name, args, await aDirectory())
  expect(stderr).toContain(problem)
  expect(exitCode).toBeGreaterThan(0)
})
