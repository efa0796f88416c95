// The loop of one machine when those who propose fail: on a repository, a GitHub, a device and a clock in memory.
import { describe, expect, test } from 'vitest'
import { run } from '../../src/commands/run.ts'
import { NO_USAGE } from '../../src/core/candidate.ts'
import { parseConfig } from '../../src/core/config/config.ts'
import { measurementHash } from '../../src/core/evidence.ts'
import type { Clock, ProposalRequest, ProposalResult, Proposer } from '../../src/ports.ts'
import { BENCH, ROOT_SEED } from '../factories.ts'
import { AT, CONFIG, MemoryWorld } from './memory.ts'
import { proposingPorts } from './proposing-ports.ts'

const CONFIG_TEXT = `editable: [train.py]
train: python train.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
replicates: { baseline: 2, candidate: 2 }
limits: { candidates: 1 }
search: { structural-share: 0 }
`
const HASH = (() => {
  const parsed = parseConfig(CONFIG_TEXT)
  return parsed.kind === 'config' ? measurementHash(parsed.config) : ''
})()

/** Time that passes only while nothing happens: whoever waits least goes on next. */
class IdleClock implements Clock {
  #seconds = 0
  #waiting: { at: number; resolve: () => void }[] = []

  now(): Date {
    return new Date(AT.getTime() + 1000 * this.#seconds)
  }

  monotonicSeconds(): number {
    return this.#seconds
  }

  pause(seconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const entry = { at: this.#seconds + seconds, resolve }
      this.#waiting.push(entry)
      signal.addEventListener('abort', () => {
        this.#waiting = this.#waiting.filter((other) => other !== entry)
        resolve()
      })
      setImmediate(() => this.#goOn())
    })
  }

  #goOn(): void {
    const [first, ...others] = this.#waiting.toSorted((a, b) => a.at - b.at)
    if (!first) return
    this.#waiting = others
    this.#seconds = first.at
    first.resolve()
    setImmediate(() => this.#goOn())
  }
}

/** Answers what it is told to, one after the other, and with the last answer from then on. */
class Scripted implements Proposer {
  readonly name = 'openai gpt-x'
  readonly askedAt: number[] = []
  readonly #clock: Clock
  readonly #answers: readonly (ProposalResult | Promise<ProposalResult>)[]

  constructor(clock: Clock, answers: readonly (ProposalResult | Promise<ProposalResult>)[]) {
    this.#clock = clock
    this.#answers = answers
  }

  async propose({ signal }: ProposalRequest): Promise<ProposalResult> {
    this.askedAt.push(this.#clock.monotonicSeconds())
    const answer = this.#answers[this.askedAt.length - 1] ?? this.#answers.at(-1)
    const stopped = new Promise<ProposalResult>((resolve) =>
      signal.addEventListener('abort', () => resolve(nothing('stopped'))),
    )
    return Promise.race([answer ?? stopped, stopped])
  }
}

function nothing(reason: string, fields: object = {}): ProposalResult {
  return { kind: 'nothing', reason, usage: NO_USAGE, exhausted: false, ...fields }
}

const DOWN = nothing('llm-error: 502', { cause: 'unreachable' })
const IDEA: ProposalResult = {
  kind: 'proposal',
  usage: NO_USAGE,
  proposal: {
    title: 'Warm up',
    hypothesis: 'It helps.',
    category: 'schedule',
    expectedEffect: '?',
    files: new Map([['train.py', '-1']]),
  },
}

async function runWith(
  answers: readonly (ProposalResult | Promise<ProposalResult>)[],
  fields: { hours?: number } = {},
) {
  const files = new Map([
    ['train.py', '0'],
    [CONFIG, CONFIG_TEXT],
  ])
  const world = new MemoryWorld(files, 0.01, () => HASH)
  world.write(
    { kind: 'started', rootSeed: ROOT_SEED },
    { kind: 'baseline', commit: world.tip, tree: world.treeOf(files), cause: 'started' },
  )
  const clock = new IdleClock()
  const proposer = new Scripted(clock, answers)
  const said: string[] = []
  const warned: string[] = []
  const { repository, ledger, forge, trainer } = world
  const ports = { repository, ledger, forge, trainer, clock, ...proposingPorts(proposer) }
  const log = { info: (line: string) => void said.push(line), warn: (line: string) => void warned.push(line) }
  const settings = {
    configPath: CONFIG,
    rootSeed: ROOT_SEED,
    newLedger: false,
    testbed: BENCH.testbed,
    candidates: undefined,
    runUrl: undefined,
    timeBudgetSeconds: (fields.hours ?? 5) * 3600,
  }
  const summary = await run({ ...ports, log, cancelled: new AbortController().signal }, settings)
  return { world, said, warned, askedAt: proposer.askedAt, seconds: summary.times.seconds }
}

describe('F2 an endpoint that cannot be reached', () => {
  test('is asked again after a rest, and the night goes on when it is back', async () => {
    const { world, warned, askedAt, said } = await runWith([...Array(6).fill(DOWN), IDEA])
    expect(askedAt).toEqual([0, 60, 180, 420, 900, 1800, 2700])
    expect(world.pulls).toHaveLength(1)
    expect(warned).toHaveLength(6)
    expect(warned[0]).toBe('openai gpt-x proposed nothing: llm-error: 502; it is asked again in 1m')
    expect(said.at(-1)).toBe('No more proposals: the limit of 1 candidates is reached')
  })

  test('is given up after an hour, so that the machine is free', async () => {
    const { askedAt, seconds, said } = await runWith([DOWN])
    expect(askedAt).toHaveLength(8)
    expect(seconds).toBe(3600)
    expect(said.at(-1)).toBe('No more proposals: no proposer has anything more to offer')
  })

  test('is not waited for when no trial could be begun any more', async () => {
    const { seconds, said } = await runWith([DOWN], { hours: 0.5 })
    expect(seconds).toBeLessThan(1800)
    expect(said.at(-1)).toBe('No more proposals: the time budget is used up')
  })

  test('that refuses the key is a warning, and is not asked twice', async () => {
    const { askedAt, warned, seconds } = await runWith([
      nothing('the endpoint refused the key (401)', { cause: 'unreachable', exhausted: true }),
    ])
    expect(warned).toEqual(['openai gpt-x proposed nothing: the endpoint refused the key (401)'])
    expect(askedAt).toHaveLength(1)
    expect(seconds).toBe(0)
  })
})

test('a model that does not answer keeps no run beyond its time', async () => {
  const { seconds, said } = await runWith([new Promise<ProposalResult>(() => {})], { hours: 1 })
  expect(seconds).toBeLessThan(3600)
  expect(said.at(-1)).toBe('No more proposals: the time budget is used up')
})

test('a time budget in which no trial fits is a mistake, and not a night without research', async () => {
  await expect(runWith([IDEA], { hours: 0.1 })).rejects.toMatchObject({
    message: 'nothing can be trained in 6m, because one trial may take 11m',
    hint: expect.stringContaining('Raise the input `time-budget`'),
  })
})
