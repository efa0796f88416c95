import { describe, expect, test } from 'vitest'
import { SecretWatch, secretValues } from '../../../src/core/text/redaction.ts'

const SECRET = 'ghs_0123456789abcdef'

describe('F68 the job’s own secrets in a candidate’s output', () => {
  test.each([
    ['in one piece', [`token=${SECRET}\n`]],
    ['across two pieces', [`token=${SECRET.slice(0, 7)}`, `${SECRET.slice(7)}\n`]],
    ['a character at a time', [...`x${SECRET}y`]],
  ])('are detected %s', (_, pieces) => {
    const watch = new SecretWatch(['another-secret', SECRET])
    for (const piece of pieces) watch.push(piece)
    expect(watch.found).toBe(true)
  })

  test('are not detected in output without secrets', () => {
    const watch = new SecretWatch([SECRET])
    for (const piece of ['step 1  loss 2.5\n', SECRET.slice(0, -1)]) watch.push(piece)
    expect(watch.found).toBe(false)
  })

  test('an empty or very short value does not count as a secret', () => {
    const watch = new SecretWatch(['', 'abc'])
    watch.push('abc')
    expect(watch.found).toBe(false)
    expect(watch.redact('abc')).toBe('abc')
  })

  test('are removed from kept output', () => {
    expect(new SecretWatch([SECRET]).redact(`a ${SECRET} b ${SECRET}`)).toBe('a *** b ***')
  })
})

test('F68 the name of a variable marks it as a secret, including the runner’s own tokens', () => {
  const secret = {
    ACTIONS_RUNTIME_TOKEN: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    hf_token: 'c',
    DATABASE_PASSWORD: 'd',
  }
  const plain = {
    PATH: '/usr/bin',
    TOKENIZERS_PARALLELISM: 'false',
    KEYBOARD: 'qwerty',
    UNSET_TOKEN: undefined,
  }
  expect(secretValues({ ...secret, ...plain })).toEqual(['a', 'b', 'c', 'd'])
})
