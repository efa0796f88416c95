import { describe, expect, test } from 'vitest'
import { assignKeys, hostOf, parseKeys } from '../../../src/core/config/keys.ts'

describe('parseKeys', () => {
  test('reads one key per line, by host', () => {
    const text = '\n API.OpenAI.com = sk-1\nlocalhost:8000=a=b==\n[::1]:80=k\n\n'
    expect(parseKeys(text)).toEqual({
      kind: 'keys',
      keys: new Map([
        ['api.openai.com', 'sk-1'],
        ['localhost:8000', 'a=b=='],
        ['[::1]:80', 'k'],
      ]),
    })
  })

  test.each(['sk-without-a-host', 'https://a.example/v1=k', 'a.example=', 'a.example=k 2', '=k'])(
    'refuses %j by its line alone',
    (line) => expect(parseKeys(`a.example=k\n${line}`)).toEqual({ kind: 'wrong', line: 2 }),
  )
})

describe('assignKeys', () => {
  test('gives the single key to the host of the first endpoint and to no other', () => {
    const keys = assignKeys('sk-1', new Map(), ['https://a.example/v1', 'https://b.example/v1', undefined])
    expect(keys).toEqual(new Map([['a.example', 'sk-1']]))
  })

  test('prefers what was given for a host', () => {
    expect(assignKeys('sk-1', new Map([['api.openai.com', 'sk-2']]), [undefined])).toEqual(
      new Map([['api.openai.com', 'sk-2']]),
    )
  })

  test('takes another port for another host', () => {
    expect(hostOf('http://localhost:8000/v1')).not.toBe(hostOf('http://localhost:9000/v1'))
  })
})
