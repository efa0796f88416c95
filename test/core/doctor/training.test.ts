// What runs of the baseline show, and what a night will bring.
import { describe, expect, it } from 'vitest'
import type { Check } from '../../../src/core/doctor/check.ts'
import { checkNight } from '../../../src/core/doctor/night.ts'
import { checkRuns, type DoctorRuns } from '../../../src/core/doctor/training.ts'
import { aConfig, aTime, aTrialResult, NOTHING_EXCLUDED } from '../../factories.ts'

const CONFIG = aConfig()
const aRun = (value: number, wallSeconds = 300) => aTrialResult({ value, wallSeconds })

function check(id: string, runs: DoctorRuns, config = CONFIG): Check {
  const found = checkRuns(runs, config, '.github/autoresearch.yml').find((one) => one.id === id)
  if (!found) throw new Error(`there is no check ${id}`)
  return found
}

const GOOD = { first: aRun(2.5), other: aRun(2.6), again: aRun(2.5) }

describe('a run', () => {
  it('without a metric', () => {
    const { value: _, ...failed } = aTrialResult({ value: 1 })
    const first = { ...failed, outcome: 'no-metric', reason: 'no line matches' } as const
    expect(check('run', { first })).toMatchObject({
      state: 'problem',
      text: expect.stringContaining('no line matches'),
      remedy: expect.stringContaining('Fix `metric`'),
    })
    expect(check('run', GOOD).state).toBe('ok')
  })

  it('that takes longer than its budget', () => {
    expect(check('run', { first: aRun(2.5, 500) }).remedy).toContain('`budget: 10m`')
    expect(check('run', GOOD).remedy).toBeUndefined()
  })

  it('that reached its target, with twice its time as a budget', () => {
    const metric = aTime()
    const crossing = { ...NOTHING_EXCLUDED, seconds: 70, pausedSeconds: 10 }
    const first = aTrialResult({ value: 60, wallSeconds: 400, crossing })
    const { text, remedy } = check('run', { first }, aConfig({ metric }))
    expect(text).toContain('reached val_bpb 0.98 or less in 60 s of training (10 s of pauses)')
    expect(remedy).toContain('`budget: 14m`')
  })

  it('that needs little of its budget', () => {
    expect(check('run', { first: aRun(2.5, 20) }).remedy).toContain('`budget: 1m`')
    const smallest = aConfig({ budgetSeconds: 60 })
    expect(check('run', { first: aRun(2.5, 6) }, smallest).remedy).toBeUndefined()
  })
})

describe('two seeds', () => {
  const same = { first: aRun(2.5), other: aRun(2.5), again: aRun(2.5) }

  it('that give the same number', () => {
    expect(check('seeds', same)).toMatchObject({
      state: 'problem',
      remedy: expect.stringContaining('AUTORESEARCH_SEED'),
    })
    expect(check('seeds', GOOD).state).toBe('ok')
  })

  it('that give the same number on purpose', () => {
    const deterministic = aConfig({ metric: { ...CONFIG.metric, deterministic: true } })
    expect(check('seeds', same, deterministic).state).toBe('ok')
    expect(check('seeds', GOOD, deterministic)).toMatchObject({
      state: 'problem',
      remedy: expect.stringContaining('Remove `metric.deterministic`'),
    })
  })

  it('for which there was no time', () => {
    expect(check('seeds', { first: aRun(2.5) })).toMatchObject({
      state: 'skipped',
      text: expect.stringContaining('time-budget'),
    })
  })
})

it('a repeated seed that gives another number is noise of the device', () => {
  expect(check('repeat', { ...GOOD, again: aRun(2.51) })).toMatchObject({
    state: 'ok',
    remedy: expect.any(String),
  })
  expect(check('repeat', GOOD).remedy).toBeUndefined()
})

it('the noise says which gain an hour of the device shows', () => {
  // Twelve runs of 300 s; sigma = 0.1 / sqrt 2; 2 sigma sqrt(1/12 + 1/6) = 0.0707.
  expect(check('noise', GOOD).text).toContain('σ is about 0.0707')
  expect(check('noise', GOOD).text).toContain('12 runs, shows a gain of 0.0707 (2.8 %)')
})

describe('a night', () => {
  const night = { config: CONFIG, runSeconds: 300, timeBudgetSeconds: 19_800, sourceCharacters: 40_000 }

  it('brings candidates and costs nothing without a model', () => {
    const { state, text } = checkNight(night)
    expect(state).toBe('ok')
    expect(text).toMatch(/decides about 20 candidates, the first after 30m; models cost nothing/)
  })

  it('says that the limit ends it early', () => {
    expect(checkNight(night).remedy).toContain('limits.candidates')
  })

  it('in which a run could reach its timeout only after the end of the job', () => {
    const { timeoutSeconds } = night.config
    expect(checkNight({ ...night, runSeconds: 1, timeBudgetSeconds: timeoutSeconds - 1 })).toMatchObject({
      state: 'problem',
      text: expect.stringContaining('starts no run'),
    })
    expect(checkNight({ ...night, runSeconds: 1, timeBudgetSeconds: timeoutSeconds }).state).toBe('ok')
  })

  it('is too short for the baseline', () => {
    expect(checkNight({ ...night, timeBudgetSeconds: 1800 })).toMatchObject({
      state: 'problem',
      remedy: expect.stringContaining('time-budget'),
    })
  })

  it('costs what the price says, up to the limit', () => {
    const priced = (price?: { input: number; output: number }) => {
      const endpoint = { model: 'm', ...(price ? { price } : {}) }
      const config = aConfig({ proposers: [{ kind: 'openai', endpoints: [endpoint], maxTurns: 20 }] })
      return checkNight({ ...night, config }).text
    }
    // 20 candidates: 8 turns of 14,000 tokens and 8,000 tokens of answers each.
    expect(priced({ input: 1, output: 10 })).toContain('about $3.84, at most $10')
    expect(priced({ input: 100, output: 100 })).toContain('about $10.00')
    expect(priced()).toContain('not known')
  })
})
