// What becomes of a job when those who propose fail or take long: on a repository, a GitHub, a device and a clock in memory.

import { describe, expect, test } from 'vitest'
import { propose } from '../../src/commands/propose.ts'
import { type RunPorts, type RunSettings, run } from '../../src/commands/run.ts'
import { measurementHash } from '../../src/core/config/measurement.ts'
import { ProposerError } from '../../src/errors.ts'
import { configOf } from '../factories.ts'
import { FakeClock } from '../fakes/clock.ts'
import { FakeLog } from '../fakes/log.ts'
import { type Answer, anIdea, FakeProposer, noIdea } from '../fakes/proposer.ts'
import { CONFIG_PATH, SETTINGS, World } from '../fakes/world.ts'

const CONFIG_TEXT = `editable: [train.py]
train: python train.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
replicates: { baseline: 2, candidate: 2 }
limits: { candidates: 9 }
search: { structural-share: 0 }
`
const CONFIGURED = configOf(CONFIG_TEXT)
const HASH = measurementHash(CONFIGURED)

/** Never answers. */
const SILENCE = undefined
const DOWN = noIdea('llm-error: 502', { cause: 'unreachable', exhausted: false })
const IDEA = anIdea('-1')

function runWith(answers: readonly Answer[], fields: { hours?: number } = {}) {
  return jobWith(answers, fields, async (ports, settings) => (await run(ports, settings)).times.seconds)
}

/** @param job what it returns is `done` */
async function jobWith<Done>(
  answers: readonly Answer[],
  fields: { hours?: number },
  job: (ports: RunPorts, settings: RunSettings) => Promise<Done>,
) {
  const files = new Map([
    ['train.py', '0'],
    [CONFIG_PATH, CONFIG_TEXT],
  ])
  const world = new World(files, { hash: () => HASH })
  const clock = new FakeClock({ idle: true })
  const proposer = new FakeProposer(answers, { clock })
  const log = new FakeLog()
  const settings = { ...SETTINGS, candidates: 1, timeBudgetSeconds: (fields.hours ?? 5) * 3600 }
  const done = await job(world.ports({ proposers: [proposer], clock, log }), settings)
  return { world, said: log.infos, warned: log.warnings, askedAt: proposer.askedAt, done }
}

describe('F2 an endpoint that cannot be reached', () => {
  test('is asked again after a rest, and the night goes on when it is back', async () => {
    const { world, warned, askedAt, said } = await runWith([...Array(6).fill(DOWN), IDEA])
    expect(askedAt).toEqual([0, 60, 180, 420, 900, 1800, 2700])
    expect(world.forge.pulls).toHaveLength(1)
    expect(warned).toHaveLength(6)
    expect(warned[0]).toBe('openai gpt-x proposed nothing: llm-error: 502; next attempt in 1m')
    expect(said.at(-1)).toBe('No more proposals: the limit of 1 candidates is reached')
  })

  test('is given up after an hour, so that the machine is free', async () => {
    const { askedAt, done: seconds, said } = await runWith([DOWN])
    expect(askedAt).toHaveLength(8)
    expect(seconds).toBe(3600)
    expect(said.at(-1)).toBe('No more proposals: no proposer has a further idea')
  })

  test('is not waited for when no trial could be begun any more', async () => {
    const { done: seconds, said } = await runWith([DOWN], { hours: 0.5 })
    expect(seconds).toBeLessThan(1800)
    expect(said.at(-1)).toBe('No more proposals: the time budget is used up')
  })

  test('that refuses the key is a warning, and is not asked twice', async () => {
    const {
      askedAt,
      warned,
      done: seconds,
    } = await runWith([noIdea('the endpoint refused the key (401)', { cause: 'unreachable' })])
    expect(warned).toEqual(['openai gpt-x proposed nothing: the endpoint refused the key (401)'])
    expect(askedAt).toHaveLength(1)
    expect(seconds).toBe(0)
  })
})

describe('when every proposer waits for a person, such as one whose key is refused', () => {
  const REFUSED = noIdea('the endpoint refused the key (401)', { cause: 'unreachable' })

  test('a run says so in the end, and does not look well', async () => {
    const { done } = await jobWith([REFUSED], {}, run)
    expect(() => done.proposing.assertSomeoneAnswers()).toThrow(
      /^nothing was proposed, because no proposer can be reached\nopenai gpt-x: the endpoint refused the key/,
    )
  })

  test('a propose job fails when it has no trial to hand on, and only then', async () => {
    await jobWith([REFUSED], {}, async (ports, settings) => {
      const { batches } = await propose(ports, settings)
      expect(batches).toHaveLength(1)
      await run(ports, settings) // The baseline is measured.
      await expect(propose(ports, settings)).rejects.toThrow(ProposerError)
    })
  })

  test('a run that is only out of ideas has nothing to say', async () => {
    const { done } = await jobWith([noIdea()], {}, run)
    expect(() => done.proposing.assertSomeoneAnswers()).not.toThrow()
  })
})

test('a model that does not answer keeps no run beyond its time', async () => {
  const { done: seconds, said } = await runWith([SILENCE], { hours: 1 })
  expect(seconds).toBeLessThan(3600)
  expect(said.at(-1)).toBe('No more proposals: the time budget is used up')
})

test('a time budget in which no trial fits is a mistake, and not a night without research', async () => {
  await expect(runWith([IDEA], { hours: 0.1 })).rejects.toMatchObject({
    message: 'nothing can be trained in 6m, because one trial may take 11m',
    hint: expect.stringContaining('Raise the input `time-budget`'),
  })
})

test('a propose job stops asking when its time is used up, and hands on what was proposed by then', async () => {
  const { done, said, askedAt } = await jobWith([IDEA, SILENCE], { hours: 0.75 }, async (ports, settings) => {
    const { batches } = await propose(ports, { ...settings, candidates: 9 })
    return { batches, seconds: ports.clock.monotonicSeconds() }
  })
  expect(askedAt).toHaveLength(2)
  expect(done.seconds).toBe(2700)
  expect(done.batches.flatMap(({ trials }) => trials).some(({ candidate }) => candidate !== null)).toBe(true)
  expect(said.at(-1)).toMatch(/^opened #1 /)
  expect(said).toContain('No more proposals: the time budget is used up')
})
