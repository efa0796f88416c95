// A pull request that stays open, on the loopback GitHub: one, whatever gets lost, with the newest text. And a branch that
// moves forward.
import { expect, test } from 'vitest'
import { connect } from '../../src/adapters/github/client.ts'
import { createForge } from '../../src/adapters/github/github.ts'
import { FakeLog } from '../fakes/log.ts'
import { aRepository } from '../loopback-github/fixtures.ts'
import { commitIn } from '../scaffold.ts'

const REQUEST = { branch: 'autoresearch/onboarding', base: 'main', title: 'Set up', body: 'First.' }

async function here(allowActionsToCreatePullRequests = true) {
  const { github, repository, token } = await aRepository({ allowActionsToCreatePullRequests })
  const main = (await repository.git.readRef('refs/heads/main')) ?? ''
  await commitIn(repository.gitDir, { 'program.md': 'Try.\n' }, { parent: main, branch: REQUEST.branch })
  const { putPullRequest: propose, fastForward } = createForge(
    connect({
      apiUrl: github.apiUrl,
      serverUrl: github.url,
      repository: 'acme/char-lm',
      token,
      log: new FakeLog(),
      secondMilliseconds: 1,
    }),
  )
  return { github, repository, propose, fastForward, main }
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

test('is not possible without a difference', async () => {
  const { repository, main, propose } = await here()
  await repository.git.updateRef('refs/heads/same', main, '0'.repeat(40))
  expect(await propose({ ...REQUEST, branch: 'same' })).toMatchObject({ kind: 'impossible' })
})

test('a branch moves forward, and never back or sideways', async () => {
  const { repository, main, fastForward } = await here()
  const ahead = await commitIn(repository.gitDir, { 'a.md': 'a\n' }, { parent: main })
  const beside = await commitIn(repository.gitDir, { 'b.md': 'b\n' }, { parent: main })
  expect(await fastForward({ branch: 'main', commit: ahead })).toEqual({ kind: 'moved' })
  expect(await repository.git.readRef('refs/heads/main')).toBe(ahead)
  expect(await fastForward({ branch: 'main', commit: beside })).toMatchObject({
    kind: 'refused',
    explanation: expect.stringContaining('not a fast forward'),
  })
})
