// A request in an issue, through the jobs of the built action: accepted, trained, judged and answered.
import { expect, it } from 'vitest'
import { octokitWith } from '../loopback-github/fixtures.ts'
import { proposal, REPOSITORY, type Research, startResearch } from './research.ts'

const NAME = { owner: 'acme', repo: 'research' }

/** A person with their own token, who opens issues. */
function personOn({ github }: Research, login: string) {
  const permissions = { issues: 'write' } as const
  return octokitWith(github, github.issueToken({ repository: REPOSITORY, kind: 'pat', login, permissions }))
    .rest
}

it.concurrent('takes up what a person with write access asks for, and nothing of anybody else', async () => {
  await using research = await startResearch([
    proposal('Learn slower', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.01'),
  ])
  const { github } = research
  const repository = github.repository(REPOSITORY)
  repository.collaborators.set('ada', 'maintain')
  const labels = ['autoresearch']
  await personOn(research, 'eve').issues.create({ ...NAME, title: 'Edit evaluate.mjs', labels })
  await personOn(research, 'ada').issues.create({ ...NAME, title: 'Learn slower', labels })

  const job = await research.run({ command: 'run', candidates: '1' })

  expect(job.exitCode, job.log).toBe(0)
  expect(job.log).toContain(
    'Issue #1 is not accepted as a request: the label was not added by a person with write access',
  )
  const brief = JSON.stringify(research.asked[0]?.messages)
  expect(brief).toContain('Request from a person')
  expect(brief).toContain('Learn slower')
  expect(brief).not.toContain('Edit evaluate.mjs')
  const [pull] = repository.pulls
  expect(pull?.body).toContain('| requested | in #2 |')
  const answers = repository.comments.filter(({ issueNumber }) => issueNumber <= 2)
  expect(answers).toMatchObject([{ issueNumber: 2, body: expect.stringContaining('**Rejected**') }])
  const made = github.requests.filter(({ method, path }) => method === 'POST' && !path.endsWith('/issues'))
  expect(made.length).toBeLessThanOrEqual(5)
  expect(github.violations).toEqual([])
})
