// How a job begins when the configuration is wrong, or is not where people think: on a repository in memory.
import { describe, expect, test } from 'vitest'
import { propose } from '../../src/commands/propose.ts'
import { openSession } from '../../src/session/opening.ts'
import { aBaseline } from '../factories.ts'
import { aLab, CONFIG, TRAIN } from '../fakes/lab.ts'
import { FakeProposer } from '../fakes/proposer.ts'
import { CONFIG_PATH, proposingPorts, SETTINGS } from '../fakes/world.ts'

/** The configuration of the default branch, and that of the baseline; undefined for none. */
function theirLab(main: string | undefined, baseline: string | undefined) {
  const lab = aLab()
  const { repository } = lab.world
  const filesWith = (config: string | undefined) =>
    new Map([['train.py', TRAIN], ...(config === undefined ? [] : [[CONFIG_PATH, config] as const])])
  const origin = repository.put(filesWith(main), undefined)
  repository.branches.set('main', origin)
  repository.putAs(lab.world.baseline, filesWith(baseline), undefined)
  return { ...lab, origin }
}

const noLedger = {
  read: async () => undefined,
  append: () => Promise.reject(new Error('nothing is created')),
  readCurves: async () => [],
  readArchive: async function* () {},
}

describe('a mistake in the configuration', () => {
  const wrong = CONFIG.replace('budget: 5m', 'budget: 300')

  test('of the default branch is to be mended there', async () => {
    const { ports, origin } = theirLab(wrong, CONFIG)
    await expect(openSession(ports, SETTINGS)).rejects.toMatchObject({
      message: expect.stringContaining('budget: expected a duration with its unit'),
      hint: `Fix .github/autoresearch.yml on the branch main (read at ${origin.slice(0, 7)}).`,
    })
  })

  test('of the baseline is to be mended on the baseline', async () => {
    const { ports } = theirLab(CONFIG, wrong)
    await expect(openSession(ports, SETTINGS)).rejects.toMatchObject({
      hint: expect.stringContaining('on the branch autoresearch/baseline (read at'),
    })
  })

  test.each([
    ['main', undefined, CONFIG],
    ['autoresearch/baseline', CONFIG, undefined],
  ])('that there is none on %s names that branch', async (branch, main, baseline) => {
    await expect(openSession(theirLab(main, baseline).ports, SETTINGS)).rejects.toMatchObject({
      message: expect.stringContaining(`there is no .github/autoresearch.yml on the branch ${branch} (`),
      hint: expect.stringContaining(`Commit one to the branch ${branch}.`),
    })
  })

  test('that lets no file change is told before anything is created', async () => {
    const { ports } = theirLab(CONFIG.replace('[train.py]', "['src/*.py']"), undefined)
    await expect(
      openSession({ ...ports, ledger: noLedger }, { ...SETTINGS, newLedger: true }),
    ).rejects.toMatchObject({
      message: 'editable: no text file on main matches src/*.py',
      hint: expect.stringContaining('Files there include train.py.'),
    })
  })

  test('that lets no file change stops a job that would propose', async () => {
    const { ports } = theirLab(CONFIG, CONFIG.replace('[train.py]', "['src/*.py']"))
    await expect(
      propose({ ...ports, ...proposingPorts(new FakeProposer()) }, SETTINGS),
    ).rejects.toMatchObject({
      message: 'editable: no text file on autoresearch/baseline matches src/*.py',
    })
  })

  test('that names a file which is not there is a warning', async () => {
    const { ports, log } = theirLab(CONFIG, `${CONFIG}program: prompt.md\n`)
    await propose({ ...ports, ...proposingPorts(new FakeProposer()) }, SETTINGS)
    expect(log.lines).toContain(
      'program: there is no text file prompt.md, so proposers get no instructions; create it or correct the path',
    )
  })
})

test('a configuration that differs between the default branch and the baseline is said to, because one of them counts', async () => {
  const { ports, log } = theirLab(`# mine\n${CONFIG}`, CONFIG)
  await openSession(ports, SETTINGS)
  expect(log.lines).toContain(
    'Using .github/autoresearch.yml on autoresearch/baseline; the different copy on main is ignored. Edit it on autoresearch/baseline.',
  )
})

test('a configuration that is the same on both branches needs no word', async () => {
  const { ports, log } = theirLab(CONFIG, CONFIG)
  const session = await openSession(ports, SETTINGS)
  expect(session.baseline.commit).toBe(aBaseline().commit)
  expect(log.lines).toEqual([])
})

describe('F47 a baseline without a ledger', () => {
  test('is an error, and nothing is created', async () => {
    const { ports } = theirLab(CONFIG, CONFIG)
    await expect(openSession({ ...ports, ledger: noLedger }, SETTINGS)).rejects.toMatchObject({
      message: 'the branch autoresearch/baseline exists, but the ledger branch autoresearch/ledger does not',
      hint: expect.stringContaining('write `new-ledger: true`'),
    })
  })

  test('gets one when the input new-ledger says so', async () => {
    const { ports } = theirLab(CONFIG, CONFIG)
    const opening = openSession({ ...ports, ledger: noLedger }, { ...SETTINGS, newLedger: true })
    await expect(opening).rejects.toThrow('nothing is created')
  })
})
