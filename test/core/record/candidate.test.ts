import { describe, expect, test } from 'vitest'
import { addUsage, NO_USAGE, type Usage } from '../../../src/core/record/candidate.ts'

const USAGE: Usage = { inputTokens: 100, outputTokens: 20, dollars: 0.5 }

describe('addUsage', () => {
  test('adds what both say, and says nothing about a cache where neither does', () => {
    expect(addUsage(USAGE, USAGE)).toEqual({ inputTokens: 200, outputTokens: 40, dollars: 1 })
  })

  test('adds cached tokens to those of ledgers that had none', () => {
    expect(addUsage(USAGE, { ...USAGE, cachedTokens: 60 })).toMatchObject({ cachedTokens: 60 })
    expect(addUsage({ ...USAGE, cachedTokens: 1 }, { ...USAGE, cachedTokens: 60 })).toMatchObject({
      cachedTokens: 61,
    })
  })

  test('a sum with a guess in it is a guess', () => {
    expect(addUsage({ ...USAGE, estimated: true }, NO_USAGE)).toMatchObject({ estimated: true })
  })
})
