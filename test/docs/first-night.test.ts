// docs/first-night.md as a person follows it: its commands run in a clone, its workflow runs on the loopback GitHub.
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { startGitHub } from '../loopback-github/index.ts'
import { type FinishedJob, startJob } from '../runner.ts'
import { gitIn } from '../scaffold.ts'
import { readRoot } from '../templates/workflow.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LAB = join(ROOT, 'test/fixtures/lab')
const REPOSITORY = 'acme/lab'
const page = readRoot('docs/first-night.md')

/** Each `sh` block of the page, and what stands in the `text` block behind it. */
const steps = [...page.matchAll(/```sh\n([\s\S]*?)```\s*(?:```text\n([\s\S]*?)```)?/g)].map(
  ([, command = '', shown = '']) => ({ command: command.trim(), shown }),
)

async function startLab() {
  const directory = await mkdtemp(join(tmpdir(), 'autoresearch-test-'))
  const github = await startGitHub()
  await github.createRepository(REPOSITORY, { from: LAB, allowActionsToCreatePullRequests: true })
  const permissions = { contents: 'write', pull_requests: 'write', checks: 'write', issues: 'write' } as const
  const token = github.issueToken({ repository: REPOSITORY, kind: 'actions', permissions })
  const clone = join(directory, 'lab')
  await gitIn(directory, ['clone', '--quiet', github.repository(REPOSITORY).gitDir, clone])
  await symlink(ROOT, join(directory, 'autoresearch-action'))
  const environment = {
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
    HOME: directory,
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
  }
  return {
    github,
    /** A command of the page, in the clone. */
    type: async (command: string) =>
      (await execa('bash', ['-ec', command], { cwd: clone, env: environment, extendEnv: false, all: true }))
        .all,
    /** What `gh workflow run` starts. */
    async dispatch(command: string): Promise<FinishedJob> {
      const given = [...command.matchAll(/-f (\S+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value])
      const { url: serverUrl, apiUrl } = github
      const inputs = { token, 'time-budget': '5h30m', ...Object.fromEntries(given) }
      const job = {
        serverUrl,
        apiUrl,
        repository: REPOSITORY,
        checkoutToken: token,
        inputs,
        directory,
        environment,
      }
      return (await startJob(job)).finished
    },
    async [Symbol.asyncDispose]() {
      await github.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Lines of the page's output without what differs between machines: numbers, hashes and the gaps it marks. */
const fixedLines = (shown: string) =>
  shown
    .split('\n')
    .map((line) => withoutNumbers(line).trim())
    .filter((line) => line !== '' && !line.includes('…'))

const withoutNumbers = (text: string) => text.replaceAll(/\d+(\.\d+)?/g, '0')

it('leads from a clone to the first judged pull request by its own commands', async () => {
  await using lab = await startLab()
  for (const { command, shown } of steps) {
    const job = command.startsWith('gh workflow run') ? await lab.dispatch(command) : undefined
    if (job) expect(job.exitCode, job.log).toBe(0)
    const printed = job ? `${job.log}\n${job.summary}` : await lab.type(command)
    for (const line of fixedLines(shown)) expect(withoutNumbers(printed ?? '')).toContain(line)
  }
  const { pulls, checkRuns } = lab.github.repository(REPOSITORY)
  expect(pulls.length).toBeGreaterThan(0)
  expect(checkRuns.filter(({ status }) => status === 'completed').length).toBeGreaterThan(0)
})
