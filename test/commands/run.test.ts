// What becomes of a job when those who propose fail or take long: on a repository, a GitHub, a device and a clock in memory.

import { describe, expect, test } from 'vitest'
import { propose } from '../../src/commands/propose.ts'
import { type RunPorts, type RunSettings, run } from '../../src/commands/run.ts'
import { measurementHash } from '../../src/core/config/measurement.ts'
import { ProposerError } from '../../src/errors.ts'
import type { ProposalRequest } from '../../src/ports/proposer.ts'
import type { Trainer } from '../../src/ports/trainer.ts'
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
review-above: 1000%
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
  fields: { hours?: number; measured?: boolean; candidates?: number; refusal?: string },
  job: (ports: RunPorts, settings: RunSettings) => Promise<Done>,
) {
  const files = new Map([
    ['train.py', '0'],
    [CONFIG_PATH, CONFIG_TEXT],
  ])
  const world = new World(files, { hash: () => HASH })
  if (fields.measured) world.measure(HASH)
  world.forge.refusal = fields.refusal
  const clock = new FakeClock({ idle: true })
  const proposer = new FakeProposer(answers, { clock })
  const log = new FakeLog()
  const settings = {
    ...SETTINGS,
    candidates: fields.candidates ?? 1,
    timeBudgetSeconds: (fields.hours ?? 5) * 3600,
  }
  const done = await job(world.ports({ proposers: [proposer], clock, log }), settings)
  return { world, said: log.infos, warned: log.warnings, askedAt: proposer.askedAt, done }
}

describe('F119 a job in which all that is left waits for a person', () => {
  const DRAFT = 'Pull Request is still a draft.'

  const held = { candidates: 9, refusal: DRAFT }
  const end = async (ports: RunPorts, settings: RunSettings) => (await run(ports, settings)).times.seconds

  test('ends when no proposer has a further idea, and the machine is free', async () => {
    const { world, done: seconds, said } = await jobWith([IDEA, noIdea()], held, end)
    expect(world.forge.pulls).toMatchObject([{ state: 'open' }])
    expect(said.at(-1)).toBe('No more proposals: no proposer has a further idea')
    expect(seconds).toBeLessThan(3600)
  })

  test('asks a proposer again that repeated what waits', async () => {
    const { askedAt, said, done: seconds } = await jobWith([...Array(5).fill(IDEA), noIdea()], held, end)
    expect(askedAt).toHaveLength(6)
    expect(said.at(-1)).toBe('No more proposals: no proposer has a further idea')
    expect(seconds).toBeLessThan(3600)
  })
})

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
    expect(() => done.proposing.outcomes.assertSomeoneAnswers()).toThrow(
      /^nothing was proposed, because no proposer can be reached\nopenai gpt-x: the endpoint refused the key/,
    )
  })

  test('a propose job has no trial to hand on, and says so', async () => {
    await jobWith([REFUSED], {}, async (ports, settings) => {
      const { batches } = await propose(ports, settings)
      expect(batches).toHaveLength(1)
      await run(ports, settings) // The baseline is measured.
      const second = await propose(ports, settings)
      expect(second.batches).toHaveLength(0)
      expect(() => second.proposing.outcomes.assertSomeoneAnswers()).toThrow(ProposerError)
    })
  })

  test('a run that is only out of ideas has nothing to say', async () => {
    const { done } = await jobWith([noIdea()], {}, run)
    expect(() => done.proposing.outcomes.assertSomeoneAnswers()).not.toThrow()
  })
})

describe('F101 a model that never hands in anything usable', () => {
  const EMPTY = noIdea('empty answer', { exhausted: false })

  test('is given up aloud after five attempts, and the job does not look well', async () => {
    const { askedAt, warned, said, done } = await jobWith([EMPTY], {}, run)
    expect(askedAt).toHaveLength(5)
    expect(said.filter((line) => line.includes('proposed nothing'))).toHaveLength(1)
    expect(warned).toEqual([
      'openai gpt-x proposed nothing: empty answer; it is not asked again until the baseline changes',
    ])
    expect(() => done.proposing.outcomes.assertSomeoneAnswers()).toThrow(
      'nothing was proposed, because no proposer handed in a usable candidate\nopenai gpt-x: empty answer (5 times)',
    )
  })

  test('is named beside others that proposed something, and the job succeeds', async () => {
    const files = new Map([
      ['train.py', '0'],
      [CONFIG_PATH, CONFIG_TEXT],
    ])
    const world = new World(files, { hash: () => HASH })
    const log = new FakeLog()
    const proposers = [
      new FakeProposer([EMPTY, EMPTY, DOWN]),
      new FakeProposer([IDEA, noIdea()], { name: 'other' }),
    ]
    const ports = world.ports({ proposers, clock: new FakeClock({ idle: true }), log })
    const { proposing } = await run(ports, { ...SETTINGS, timeBudgetSeconds: 1800 })
    expect(() => proposing.outcomes.assertSomeoneAnswers()).not.toThrow()
    const [model, other] = proposing.outcomes.tallies
    expect(model).toMatchObject({ candidates: 0, isOutOfIdeas: false })
    expect(model?.reasons.get('empty answer')).toBe(2)
    expect(other).toMatchObject({ candidates: 1, isOutOfIdeas: true })
    expect(log.warnings.join('\n')).toContain('openai gpt-x proposed nothing')
  })

  test('such as one that does not answer in the whole time, fails the job, unless a person ended it', async () => {
    const { done } = await jobWith([SILENCE], { hours: 1 }, run)
    expect(() => done.proposing.outcomes.assertSomeoneAnswers()).toThrow(
      'openai gpt-x: no answer before the time budget is used up',
    )
  })
})

describe('F103 a slow proposer', () => {
  /** A night in which a trial takes five minutes, with proposers that may take their time. */
  async function nightWith(create: (clock: FakeClock) => FakeProposer[], candidates = 9) {
    tried = 0
    const files = new Map([
      ['train.py', '0'],
      [CONFIG_PATH, CONFIG_TEXT],
    ])
    const world = new World(files, { hash: () => HASH })
    const clock = new FakeClock({ idle: true })
    const proposers = create(clock)
    const trainer: Trainer = {
      testbed: world.trainer.testbed,
      slots: 1,
      async run(trial, signal) {
        await clock.pause(300, signal)
        return { ...(await world.trainer.run(trial)), wallSeconds: 300, deviceSeconds: 300 }
      },
    }
    const ports = { ...world.ports({ proposers, clock }), trainer }
    const { times } = await run(ports, { ...SETTINGS, candidates, timeBudgetSeconds: 2880 })
    return { world, times, proposers }
  }

  const never = new AbortController().signal
  let tried = 0
  /** A change that is worse than the baseline, and another one each time. */
  const aWorseIdea = () => {
    tried += 1
    return anIdea(`${tried}`)
  }
  const answerAfter =
    (clock: FakeClock, seconds: number) =>
    async ({ signal }: ProposalRequest) => {
      await clock.pause(seconds, signal)
      return aWorseIdea()
    }
  const aKnobTurner = () => new FakeProposer([aWorseIdea], { name: 'knobs', constantsOnly: true })

  test('beside one that is ready keeps no device waiting', async () => {
    const { times, proposers } = await nightWith((clock) => [
      new FakeProposer([answerAfter(clock, 2000)]),
      aKnobTurner(),
    ])
    expect(times.busySeconds / times.seconds).toBeGreaterThan(0.95)
    expect(proposers.map(({ requests }) => requests.length > 0)).toEqual([true, true])
  })

  test('beside a fast model: the device waits for the first answers only', async () => {
    const { times } = await nightWith((clock) => [
      new FakeProposer([answerAfter(clock, 2000)], { name: 'slow' }),
      new FakeProposer([answerAfter(clock, 60)], { name: 'fast' }),
    ])
    expect(times.busySeconds / times.seconds).toBeGreaterThan(0.9)
  })

  test('makes the queue one candidate longer at most, and no proposer is asked twice at a time', async () => {
    let most = 0
    let atATime = 0
    const { world } = await nightWith((clock) => {
      const slowly = async ({ signal }: ProposalRequest) => {
        atATime += 1
        expect(atATime).toBe(1)
        await clock.pause(1000, signal)
        atATime -= 1
        return aWorseIdea()
      }
      return [new FakeProposer([slowly]), aKnobTurner()]
    })
    const waiting = new Set<string>()
    for (const event of world.ledger.events) {
      if (event.kind === 'proposed') waiting.add(event.candidate.tree)
      if (event.kind === 'trial') waiting.delete(event.result.trial.tree)
      most = Math.max(most, waiting.size)
    }
    expect(most).toBe(3)
  })

  test('and another one are not given the same request, and the same change is kept once', async () => {
    const { world, proposers } = await nightWith((clock) => {
      const same = async () => {
        await clock.pause(60, never)
        return anIdea('7')
      }
      return [
        new FakeProposer([same, noIdea()], { name: 'one' }),
        new FakeProposer([same, noIdea()], { name: 'two' }),
      ]
    }, 2)
    expect(proposers.map(({ askedAt }) => askedAt.length)).toEqual([2, 2])
    expect(world.ledger.events.filter(({ kind }) => kind === 'proposed')).toHaveLength(1)
  })

  test('shares what is left to spend with the others', async () => {
    const limited = CONFIG_TEXT.replace(
      'limits: { candidates: 9 }',
      'limits: { candidates: 9, tokens: 1000 }',
    )
    expect(limited).toContain('tokens')
    const budgets: number[] = []
    const world = new World(
      new Map([
        ['train.py', '0'],
        [CONFIG_PATH, limited],
      ]),
      { hash: () => HASH },
    )
    const ask = async ({ budget }: ProposalRequest) => {
      budgets.push(budget.tokens)
      return noIdea()
    }
    const proposers = ['one', 'two'].map((name) => new FakeProposer([ask], { name }))
    await run(world.ports({ proposers, clock: new FakeClock({ idle: true }) }), {
      ...SETTINGS,
      timeBudgetSeconds: 3600,
    })
    expect(budgets).toEqual([500, 500])
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
  const { done, said, askedAt } = await jobWith(
    [IDEA, SILENCE],
    { hours: 0.75, measured: true },
    async (ports, settings) => {
      const { batches } = await propose(ports, { ...settings, candidates: 9 })
      return { batches, seconds: ports.clock.monotonicSeconds() }
    },
  )
  expect(askedAt).toHaveLength(2)
  expect(done.seconds).toBe(2700)
  expect(done.batches.flatMap(({ trials }) => trials).some(({ candidate }) => candidate !== null)).toBe(true)
  expect(said.at(-1)).toMatch(/^opened #1 /)
  expect(said).toContain('No more proposals: the time budget is used up')
})
