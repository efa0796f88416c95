// Both templates in a real runner, with the real actions and the real `gh`, against the loopback GitHub: `npm run test:runner`.
import { describe, expect, it } from 'vitest'
import { proposal, REPOSITORY, type Research, startResearch } from '../dist/research.ts'
import { readTemplate } from '../templates/workflow.ts'
import { startRunner, type WorkflowRun } from './act.ts'
import { findTools } from './tools.ts'

const PERMISSIONS = {
  contents: 'write',
  pull_requests: 'write',
  checks: 'write',
  issues: 'write',
  actions: 'write',
} as const
const CONVERSATIONS = [
  proposal('Learn faster', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.4'),
  ...['Math.hypot(loss, 7)', 'Math.cosh(loss)', 'loss + Math.sqrt(loss)', 'Math.exp(loss)', 'loss ** 3'].map(
    (worse) => proposal(`Print ${worse}`, 'loss.toFixed(6)', `(${worse}).toFixed(6)`),
  ),
]
const FIELDS = { limits: { candidates: 2, waiting: 2 }, replicates: { baseline: 2, candidate: 2 } }

/** The job that installs them sets this, so that nothing is left out there. */
const mustBeThere = process.env.RUNNER_INSTALLED === 'true'

/** Runs the template, and then every run that its jobs start by `gh`. */
async function runChain(
  { github, directory }: Research,
  template: string,
  given: Record<string, string>,
): Promise<WorkflowRun[]> {
  const token = github.issueToken({ repository: REPOSITORY, kind: 'actions', permissions: PERMISSIONS })
  const runner = await startRunner({
    github,
    repository: REPOSITORY,
    tools: findTools(template) ?? expect.fail(`act, gh or an action of ${template} is missing`),
    template,
    directory,
    secrets: { GITHUB_TOKEN: token, OPENAI_API_KEY: 'sk-loopback' },
  })
  const inputs = Object.entries(readTemplate(template).on.workflow_dispatch.inputs)
  const defaults = Object.fromEntries(inputs.map(([name, input]) => [name, String(input.default)]))
  const runs = [await runner.dispatch({ ...defaults, ...given })]
  for (let next = github.dispatches[0]; next; next = github.dispatches[runs.length - 1])
    runs.push(await runner.dispatch({ ...defaults, ...(next.inputs as Record<string, string>) }))
  for (const { exitCode, log } of runs) expect(exitCode, log.slice(-5000)).toBe(0)
  return runs
}

function pullRequests({ github }: Research) {
  const { pulls } = github.repository(REPOSITORY)
  return pulls.map(({ title, state, merged }) => ({ title, state, merged }))
}

/** The most train jobs that a log shows between their first and their last step. */
function mostSideBySide(log: string): number {
  let [now, most] = [0, 0]
  for (const line of log.split('\n').filter((line) => line.includes('/train '))) {
    if (line.includes('Run Set up job')) now += 1
    if (line.includes('Run Complete job')) now -= 1
    most = Math.max(most, now)
  }
  return most
}

describe.each(['solo.yml', 'swarm.yml'])('templates/%s in act', (template) => {
  const isMissing = findTools(template) === undefined && !mustBeThere
  if (isMissing)
    console.warn(
      `Skipped templates/${template} in act: install its programs with node test/real-runner/install.ts`,
    )

  it.skipIf(isMissing)('merges what is better and closes what is not', async () => {
    await using research = await startResearch(CONVERSATIONS, FIELDS)
    const runs = await runChain(research, template, { rounds: '4', 'time-budget': '1h' })
    const ended = pullRequests(research).slice(0, 2)
    expect(ended).toEqual([
      { title: 'Learn faster', state: 'closed', merged: true },
      { title: 'Print Math.hypot(loss, 7)', state: 'closed', merged: false },
    ])
    expect(research.github.violations).toEqual([])
    if (template === 'solo.yml') return
    expect(runs.length).toBeGreaterThanOrEqual(2)
    expect(Math.max(...runs.map(({ log }) => mostSideBySide(log)))).toBeGreaterThanOrEqual(2)
  })

  it.skipIf(isMissing)('a run with a hypothesis writes it down and starts another run', async () => {
    await using research = await startResearch(CONVERSATIONS, FIELDS)
    const [first, ...others] = await runChain(research, template, {
      hypothesis: 'Learn "faster" $(date)',
      rounds: '1',
      'time-budget': '1h',
    })
    expect(first?.log).not.toContain('trained ')
    expect(others).toHaveLength(1)
    expect(JSON.stringify(research.asked[0]?.messages)).toContain('Learn \\"faster\\" $(date)')
  })
})
