// The built action sets up a repository: by a pull request on the loopback GitHub, and by files in a clone.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { parseConfig } from '../../src/core/config/config.ts'
import { KNOWN } from '../core/init/layouts.ts'
import { type Permissions, startGitHub } from '../loopback-github/index.ts'
import { startJob } from '../runner.ts'
import { gitIn } from '../scaffold.ts'

const ACTION = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
const REPOSITORY = 'acme/lab'
const PERMISSIONS: Permissions = { contents: 'write', pull_requests: 'write' }
const FILES = KNOWN.nanogpt ?? {}

async function writeFiles(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
  }
}

async function startLab(files: Readonly<Record<string, string>>, permissions = PERMISSIONS) {
  const directory = await mkdtemp(join(tmpdir(), 'autoresearch-test-'))
  await writeFiles(join(directory, 'files'), files)
  const github = await startGitHub()
  const from = join(directory, 'files')
  await github.createRepository(REPOSITORY, { from, allowActionsToCreatePullRequests: true })
  const token = github.issueToken({ repository: REPOSITORY, kind: 'actions', permissions })
  return {
    github,
    async init() {
      const { url: serverUrl, apiUrl } = github
      const inputs = { command: 'init', token }
      const checkoutToken = token
      const job = { serverUrl, apiUrl, repository: REPOSITORY, checkoutToken, inputs, directory }
      return (await startJob(job)).finished
    },
    filesOn: async (branch: string) =>
      (await gitIn(github.repository(REPOSITORY).gitDir, ['ls-tree', '-r', '--name-only', branch])).split(
        '\n',
      ),
    read: (path: string) =>
      gitIn(github.repository(REPOSITORY).gitDir, ['show', `autoresearch/onboarding:${path}`]),
    async [Symbol.asyncDispose]() {
      await github.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

it.concurrent('opens one pull request with configuration, directions and workflow, however often it runs', async () => {
  await using lab = await startLab(FILES, { ...PERMISSIONS, workflows: 'write' })
  const first = await lab.init()
  expect(first.exitCode, first.log).toBe(0)
  expect((await lab.init()).exitCode).toBe(0)

  const { pulls } = lab.github.repository(REPOSITORY)
  expect(pulls.map(({ title, state, head }) => ({ title, state, ref: head.ref }))).toEqual([
    { title: 'Set up Autoresearch Action', state: 'open', ref: 'autoresearch/onboarding' },
  ])
  expect(pulls[0]?.body).toContain('karpathy/nanoGPT')
  expect(await lab.filesOn('autoresearch/onboarding')).toEqual(
    [
      ...Object.keys(FILES),
      '.github/autoresearch.yml',
      '.github/workflows/autoresearch.yml',
      'program.md',
    ].sort(),
  )
  expect(parseConfig(await lab.read('.github/autoresearch.yml')).kind).toBe('config')
  expect(JSON.parse(first.outputs.summary ?? '')).toMatchObject({ recipe: 'nanogpt', missing: [] })
  expect(first.summary).toContain('### What was found')
  expect(lab.github.violations).toEqual([])
})

it.concurrent('shows the workflow in the pull request when the token may not push it', async () => {
  await using lab = await startLab(FILES)
  const job = await lab.init()
  expect(job.exitCode, job.log).toBe(0)
  expect(await lab.filesOn('autoresearch/onboarding')).not.toContain('.github/workflows/autoresearch.yml')
  const [pull] = lab.github.repository(REPOSITORY).pulls
  expect(pull?.body).toMatch(/Add the workflow by hand[\s\S]*command: \$\{\{ inputs\.command/)
  expect((await lab.init()).exitCode).toBe(0)
  expect(lab.github.repository(REPOSITORY).pulls).toHaveLength(1)
})

it.concurrent('does not overwrite what a person pushed to the branch', async () => {
  await using lab = await startLab(FILES)
  await lab.init()
  const { gitDir } = lab.github.repository(REPOSITORY)
  const tree = await gitIn(gitDir, ['rev-parse', 'autoresearch/onboarding^{tree}'])
  const mine = await gitIn(gitDir, ['commit-tree', tree, '-p', 'autoresearch/onboarding', '-m', 'Mine'])
  await gitIn(gitDir, ['update-ref', 'refs/heads/autoresearch/onboarding', mine])
  expect((await lab.init()).log).toContain('Somebody pushed')
  expect(await gitIn(gitDir, ['rev-parse', 'autoresearch/onboarding'])).toBe(mine)
})

it.concurrent('has nothing to add when configuration and workflow exist', async () => {
  const config =
    "editable: [train.py]\ntrain: python train.py\nbudget: 5m\nmetric: { name: x, direction: minimize, pattern: 'x (\\S+)' }\n"
  const workflow = 'jobs: { a: { steps: [ { uses: acme/autoresearch-action@v1 } ] } }\n'
  await using lab = await startLab({
    ...FILES,
    '.github/autoresearch.yml': config,
    '.github/workflows/nightly.yml': workflow,
  })
  const job = await lab.init()
  expect(job.exitCode, job.log).toBe(0)
  expect(lab.github.repository(REPOSITORY).pulls).toEqual([])
  expect(job.summary).toContain('this configuration is kept')
})

it.concurrent('says what to allow when Actions may not open pull requests', async () => {
  await using lab = await startLab(FILES)
  lab.github.repository(REPOSITORY).settings.allowActionsToCreatePullRequests = false
  const job = await lab.init()
  expect(job.exitCode).toBe(1)
  expect(job.log).toContain('Allow GitHub Actions to create and approve pull requests')
})

async function aClone(files: Readonly<Record<string, string>>) {
  const directory = await mkdtemp(join(tmpdir(), 'autoresearch-test-'))
  await writeFiles(directory, files)
  await gitIn(directory, ['init', '--quiet'])
  await gitIn(directory, ['add', '.'])
  await gitIn(directory, ['commit', '--quiet', '-m', 'First'])
  return {
    directory,
    init: async (...flags: string[]) =>
      (await promisify(execFile)(process.execPath, [ACTION, 'init', ...flags], { cwd: directory })).stdout,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

it.concurrent('writes the files into a clone and says the next command', async () => {
  await using clone = await aClone(FILES)
  expect(await clone.init()).toMatch(/^Recognised: karpathy\/nanoGPT[\s\S]*\nNext: git add .*doctor\n$/)
  const config = await readFile(join(clone.directory, '.github/autoresearch.yml'), 'utf8')
  expect(parseConfig(config).kind).toBe('config')
  await writeFile(join(clone.directory, '.github/autoresearch.yml'), 'mine')
  expect(await clone.init()).toContain('.github/autoresearch.yml exists')
  expect(await readFile(join(clone.directory, '.github/autoresearch.yml'), 'utf8')).toBe('mine')
})

it.concurrent('writes the lines for the processor, and says how to have a kept configuration written anew', async () => {
  await using clone = await aClone(FILES)
  const path = join(clone.directory, '.github/autoresearch.yml')
  await clone.init()
  const kept = await clone.init('--without-gpu')
  expect(kept).toContain('To have a new one written, remove it first')
  expect(kept).not.toContain('Assumed')
  await rm(join(clone.directory, '.github'), { recursive: true })
  expect(await clone.init('--without-gpu')).toContain('This machine has no GPU')
  expect(await readFile(path, 'utf8')).toMatch(/^train: .* --device=cpu/m)
  const workflow = await readFile(join(clone.directory, '.github/workflows/autoresearch.yml'), 'utf8')
  expect(workflow).toContain('runs-on: self-hosted\n')
})

it.concurrent('prints the files as JSON and writes none', async () => {
  await using clone = await aClone(FILES)
  const printed = JSON.parse(await clone.init('--json'))
  expect(Object.keys(printed.files)).toContain('.github/autoresearch.yml')
  expect(await gitIn(clone.directory, ['status', '--porcelain'])).toBe('')
})
