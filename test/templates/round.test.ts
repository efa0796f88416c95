// One round of the swarm template: every job gets what the template gives it, and a token with the job's permissions.

import { chmod, cp, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import type { TrialBatch } from '../../src/core/trial/batch.ts'
import { proposal, REPOSITORY, type Research, startResearch } from '../dist/research.ts'
import type { Permissions } from '../loopback-github/index.ts'
import type { FinishedJob } from '../runner.ts'
import { gitIn } from '../scaffold.ts'
import { action, fill, findStep, readRoot, readTemplate, usesAction } from './workflow.ts'

const WORKFLOW = '.github/workflows/autoresearch.yml'
const { jobs, on } = readTemplate('swarm.yml')
const dispatchInputs = {
  'inputs.candidates': '1',
  'inputs.direction': 'the $(date) "schedule"',
  "inputs.rounds || '20'": '3',
}

/** The template on the default branch, pushed by a person. */
async function installTemplate({ github, directory }: Research): Promise<void> {
  const { gitDir, defaultBranch } = github.repository(REPOSITORY)
  const clone = join(directory, 'clone')
  await gitIn(directory, ['clone', '--quiet', gitDir, clone])
  await mkdir(dirname(join(clone, WORKFLOW)), { recursive: true })
  await writeFile(join(clone, WORKFLOW), readRoot('templates/swarm.yml'))
  await gitIn(clone, ['add', '.'])
  await gitIn(clone, ['commit', '--quiet', '-m', 'Add the workflow'])
  await gitIn(clone, ['push', '--quiet', gitDir, `HEAD:refs/heads/${defaultBranch}`])
}

function tokenOf({ github }: Research, job: string): string {
  const permissions = Object.entries(jobs[job]?.permissions ?? {}).map(([name, level]) => [
    name.replaceAll('-', '_'),
    level,
  ])
  return github.issueToken({
    repository: REPOSITORY,
    kind: 'actions',
    permissions: Object.fromEntries(permissions) as Permissions,
  })
}

/** Runs the step of a job that uses the action. What the template leaves out has action.yml's default. */
async function runAction(
  on: Research,
  job: string,
  values: Record<string, string>,
  ref?: string,
): Promise<FinishedJob> {
  const defaults = Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? '']),
  )
  const given = findStep(jobs[job], usesAction).with
  const inputs = fill({ ...defaults, ...given }, { ...values, 'github.token': tokenOf(on, job) })
  const finished = await on.run(inputs, ref === undefined ? {} : { ref })
  expect(finished.exitCode, finished.log).toBe(0)
  return finished
}

/** What upload-artifact and download-artifact do with the results of one train job. */
async function passOn(batch: TrialBatch, trained: FinishedJob, downloads: string): Promise<void> {
  const upload = findStep(jobs.train, ({ uses }) => uses?.startsWith('actions/upload-artifact@') ?? false)
  const { name, path } = fill(upload.with, {
    'matrix.batch.head': batch.head,
    "matrix.batch.scale || 'base'": batch.scale ?? 'base',
    'steps.train.outputs.results': trained.outputs.results ?? '',
  })
  const download = findStep(jobs.judge, ({ uses }) => uses?.startsWith('actions/download-artifact@') ?? false)
  const prefix = String(download.with?.pattern).replace(/\*$/, '')
  expect(name?.startsWith(prefix)).toBe(true)
  await cp(path ?? '', join(downloads, name ?? ''), { recursive: true })
}

async function trainAndJudge(on: Research, proposed: FinishedJob): Promise<FinishedJob[]> {
  const temporary = join(on.directory, 'judge')
  const download = findStep(jobs.judge, ({ uses }) => uses?.startsWith('actions/download-artifact@') ?? false)
  const { path: downloads = '' } = fill({ path: download.with?.path ?? '' }, { 'runner.temp': temporary })
  const batches: TrialBatch[] = JSON.parse(proposed.outputs.trials ?? '[]')
  const trained = await Promise.all(
    batches.map(async (batch) => {
      const values = { 'toJSON(matrix.batch)': JSON.stringify(batch, null, 2) }
      const job = await runAction(on, 'train', values, batch.head)
      await passOn(batch, job, downloads)
      return job
    }),
  )
  return [...trained, await runAction(on, 'judge', { 'runner.temp': temporary })]
}

/** Runs the script of the step that starts the next round, with a stand-in for `gh`. */
async function startNextRound({ github, directory }: Research, token: string): Promise<void> {
  const step = findStep(jobs.judge, ({ run }) => run !== undefined)
  const bin = join(directory, 'bin')
  await mkdir(bin)
  const script = `#!/bin/sh\nexec '${process.execPath}' '${fileURLToPath(new URL('gh.ts', import.meta.url))}' "$@"\n`
  await writeFile(join(bin, 'gh'), script)
  await chmod(join(bin, 'gh'), 0o755)
  const values = { ...dispatchInputs, 'github.token': token, 'github.repository': REPOSITORY }
  const { defaultBranch } = github.repository(REPOSITORY)
  await execa('bash', ['-e', '-c', step.run ?? ''], {
    env: {
      ...fill(step.env, values),
      PATH: `${bin}:${process.env.PATH}`,
      GITHUB_API_URL: github.apiUrl,
      GITHUB_REF_NAME: defaultBranch,
      GITHUB_WORKFLOW_REF: `${REPOSITORY}/${WORKFLOW}@refs/heads/${defaultBranch}`,
    },
  })
}

it('settles a candidate and starts the next round', async () => {
  await using research = await startResearch([
    proposal('Learn slower', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.01'),
  ])
  await installTemplate(research)
  await runAction(research, 'request', { 'inputs.hypothesis': 'Learn slower' })
  const proposed = await runAction(research, 'propose', {
    'inputs.candidates': '1',
    "inputs.certify || 'false'": 'false',
    "inputs.promote || 'false'": 'false',
    'inputs.direction': 'the schedule',
    'secrets.OPENAI_API_KEY': 'sk-loopback',
  })
  expect(proposed.outputs['has-trials']).toBe('true')
  expect(JSON.stringify(research.asked[0]?.messages)).toMatch(/the schedule.*Learn slower/s)
  // The first round measures the baseline once; its judge lists the trials of the next one.
  const first = await trainAndJudge(research, proposed)
  const others = [...first, ...(await trainAndJudge(research, first.at(-1) ?? expect.fail()))]

  const { pulls } = research.github.repository(REPOSITORY)
  expect(pulls.map(({ title, state, merged }) => ({ title, state, merged }))).toEqual([
    { title: 'Learn slower', state: 'closed', merged: false },
  ])
  const outputs = [proposed, ...others].flatMap((job) => Object.keys(job.outputs))
  expect([...new Set(outputs)].sort()).toEqual(Object.keys(action.outputs).sort())

  await startNextRound(research, tokenOf(research, 'judge'))
  expect(research.github.dispatches).toMatchObject([
    {
      workflow: 'autoresearch.yml',
      inputs: { rounds: '2', candidates: '1', direction: dispatchInputs['inputs.direction'] },
    },
  ])
  // What was asked to be certified is in the ledger, so later rounds need not ask again.
  expect(Object.keys(on.workflow_dispatch.inputs).sort()).toEqual([
    'candidates',
    'certify',
    'command',
    'direction',
    'hypothesis',
    'promote',
    'rounds',
  ])
  expect(research.github.violations).toEqual([])
})
