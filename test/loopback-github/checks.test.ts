import { describe, expect, test } from 'vitest'
import { aRepository, NAME, octokitWith, refusalOf } from './fixtures.ts'

async function aHead() {
  const here = await aRepository()
  const head_sha = (await here.repository.git.readRef('refs/heads/main')) ?? ''
  return { ...here, check: { ...NAME, name: 'autoresearch', head_sha } }
}

describe('check runs', () => {
  test('one is created, updated, and found by commit, name and app', async () => {
    const { github, octokit, check } = await aHead()
    const { data: run } = await octokit.rest.checks.create({ ...check, status: 'in_progress' })
    expect(run).toMatchObject({
      status: 'in_progress',
      conclusion: null,
      app: { id: 15368, slug: 'github-actions' },
    })
    await octokit.rest.checks.update({
      ...NAME,
      check_run_id: Number(run.id),
      conclusion: 'success',
      output: { title: 'val_loss 1.9', summary: 'Better.' },
    })
    const { data } = await octokit.rest.checks.listForRef({
      ...NAME,
      ref: 'main',
      check_name: 'autoresearch',
      app_id: 15368,
    })
    expect(data).toMatchObject({
      total_count: 1,
      check_runs: [
        { id: run.id, status: 'completed', conclusion: 'success', output: { title: 'val_loss 1.9' } },
      ],
    })
    expect(github.violations).toEqual([])
  })

  test('the list shows the latest of each name and app unless all are wanted', async () => {
    const { github, octokit, issue, check } = await aHead()
    const forger = octokitWith(github, issue('app', { checks: 'write' }))
    await octokit.rest.checks.create({ ...check, status: 'completed', conclusion: 'failure' })
    await octokit.rest.checks.create({ ...check, status: 'completed', conclusion: 'neutral' })
    await forger.rest.checks.create({ ...check, status: 'completed', conclusion: 'success' })
    const list = async (filter: 'latest' | 'all') => {
      const { data } = await octokit.rest.checks.listForRef({ ...NAME, ref: check.head_sha, filter })
      return data.check_runs.map(({ app, conclusion }) => `${app?.slug} ${conclusion}`)
    }
    expect(await list('latest')).toEqual(['research-app success', 'github-actions neutral'])
    expect(await list('all')).toHaveLength(3)
  })

  test('a personal access token may not write one', async () => {
    const { github, issue, check } = await aHead()
    const person = octokitWith(github, issue('pat', { checks: 'write' }))
    expect(await refusalOf(person.rest.checks.create(check))).toEqual({
      status: 403,
      message: 'You must authenticate via a GitHub App.',
    })
  })

  test("an app may not change another app's run", async () => {
    const { github, octokit, issue, check } = await aHead()
    const { data: run } = await octokit.rest.checks.create(check)
    const other = octokitWith(github, issue('app', { checks: 'write' }))
    const update = other.rest.checks.update({ ...NAME, check_run_id: Number(run.id), conclusion: 'success' })
    expect((await refusalOf(update)).status).toBe(403)
  })

  test('a summary or text of more than 65,535 characters is refused, one of exactly that many is not', async () => {
    const { octokit, check } = await aHead()
    const withSummary = (summary: string) =>
      octokit.rest.checks.create({ ...check, output: { title: 't', summary } })
    expect(await refusalOf(withSummary('x'.repeat(65_536)))).toEqual({
      status: 422,
      message: 'Invalid request.\n\noutput.summary: only 65535 characters are allowed; 65536 were supplied.',
    })
    expect((await withSummary('x'.repeat(65_535))).status).toBe(201)
  })

  test('completed needs a conclusion', async () => {
    const { octokit, check } = await aHead()
    const created = octokit.rest.checks.create({ ...check, status: 'completed' } as never)
    expect((await refusalOf(created)).message).toContain(`"conclusion" wasn't supplied.`)
  })

  test('a commit that does not exist has no checks', async () => {
    const { octokit, check } = await aHead()
    const created = octokit.rest.checks.create({ ...check, head_sha: 'f'.repeat(40) })
    expect(await refusalOf(created)).toEqual({
      status: 422,
      message: `No commit found for SHA: ${'f'.repeat(40)}`,
    })
  })
})

describe('workflow dispatches', () => {
  const workflow = 'on:\n  workflow_dispatch:\n    inputs:\n      rounds: {required: true}\n'

  async function withWorkflow() {
    const here = await aRepository()
    const blob = await here.repository.git.run(['hash-object', '-w', '--stdin'], { input: workflow })
    const tree = (name: string, mode: string, type: string, sha: string) =>
      here.repository.git.run(['mktree'], { input: `${mode} ${type} ${sha.trim()}\t${name}\n` })
    const workflows = await tree('loop.yml', '100644', 'blob', blob)
    const root = await tree('.github', '40000', 'tree', await tree('workflows', '40000', 'tree', workflows))
    const ada = { name: 'Ada', email: 'ada@example.org', date: '2026-11-01T00:00:00Z' }
    const commit = { tree: root.trim(), parents: [], message: 'Loop', author: ada, committer: ada }
    await here.repository.git.updateRef('refs/heads/main', await here.repository.git.createCommit(commit))
    return { ...here, loop: { ...NAME, workflow_id: 'loop.yml', ref: 'main' } }
  }

  test('one is recorded with its inputs and token', async () => {
    const { github, octokit, loop } = await withWorkflow()
    await octokit.rest.actions.createWorkflowDispatch({ ...loop, inputs: { rounds: '3' } })
    expect(github.dispatches).toMatchObject([
      { workflow: 'loop.yml', ref: 'main', inputs: { rounds: '3' }, token: 'actions-1' },
    ])
    expect(github.violations).toEqual([])
  })

  test('unknown and missing inputs are refused', async () => {
    const { octokit, loop } = await withWorkflow()
    const dispatch = (inputs: Record<string, string>) =>
      refusalOf(octokit.rest.actions.createWorkflowDispatch({ ...loop, inputs }))
    expect((await dispatch({ rounds: '3', colour: 'red' })).message).toBe(
      'Unexpected inputs provided: ["colour"]',
    )
    expect((await dispatch({})).message).toBe("Required input 'rounds' not provided")
  })

  test('a workflow that does not exist is not found', async () => {
    const { octokit, loop } = await withWorkflow()
    const dispatched = octokit.rest.actions.createWorkflowDispatch({ ...loop, workflow_id: 'other.yml' })
    expect((await refusalOf(dispatched)).status).toBe(404)
  })
})
