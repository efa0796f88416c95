// The pull request of `init` on the loopback GitHub: one, whatever gets lost, with the newest text.
import { expect, test } from 'vitest'
import { connect } from '../../src/adapters/github/client.ts'
import { createOnboarding } from '../../src/adapters/github/onboarding.ts'
import { FakeLog } from '../fakes/log.ts'
import { aRepository } from '../loopback-github/fixtures.ts'
import { commitIn } from '../scaffold.ts'

const REQUEST = { branch: 'autoresearch/onboarding', base: 'main', title: 'Set up', body: 'First.' }

async function here(allowActionsToCreatePullRequests = true) {
  const { github, repository, token } = await aRepository({ allowActionsToCreatePullRequests })
  const main = (await repository.git.readRef('refs/heads/main')) ?? ''
  await commitIn(repository.gitDir, { 'program.md': 'Try.\n' }, { parent: main, branch: REQUEST.branch })
  const { propose } = createOnboarding(
    connect({
      apiUrl: github.apiUrl,
      serverUrl: github.url,
      repository: 'acme/char-lm',
      token,
      log: new FakeLog(),
      secondMilliseconds: 1,
    }),
  )
  return { github, repository, propose }
}

test('is opened once, and gets the newest title and body', async () => {
  const { github, repository, propose } = await here()
  expect(await propose(REQUEST)).toEqual({ kind: 'opened', number: 1 })
  expect(await propose({ ...REQUEST, body: 'Second.' })).toEqual({ kind: 'opened', number: 1 })
  expect(repository.pulls).toMatchObject([{ title: 'Set up', body: 'Second.', state: 'open' }])
  expect(github.violations).toEqual([])
})

test('is found when the answer to its creation was lost', async () => {
  const { github, repository, propose } = await here()
  github.fault({ method: 'POST', path: /\/pulls$/, status: 502, effect: true })
  expect(await propose(REQUEST)).toEqual({ kind: 'opened', number: 1 })
  expect(repository.pulls).toHaveLength(1)
})

test('is refused with the setting that forbids it', async () => {
  const { propose } = await here(false)
  expect(await propose(REQUEST)).toMatchObject({
    kind: 'refused',
    explanation: expect.stringContaining('/settings/actions'),
  })
})
