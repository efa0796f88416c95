import { describe, expect, test } from 'vitest'
import {
  assignKeys,
  hostOf,
  parseKeys,
  parseVariables,
  pickVariables,
} from '../../../src/core/config/secrets.ts'

describe('parseKeys', () => {
  test('reads one key per line, by host', () => {
    const text = '\n API.OpenAI.com = sk-1\nlocalhost:8000=a=b==\n[::1]:80=k\n\n'
    expect(parseKeys(text)).toEqual({
      kind: 'secrets',
      secrets: new Map([
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

  test('prefers a key that was given for the host', () => {
    expect(assignKeys('sk-1', new Map([['api.openai.com', 'sk-2']]), [undefined])).toEqual(
      new Map([['api.openai.com', 'sk-2']]),
    )
  })

  test('treats another port as another host', () => {
    expect(hostOf('http://localhost:8000/v1')).not.toBe(hostOf('http://localhost:9000/v1'))
  })
})

describe('parseVariables', () => {
  test('reads one variable per line', () => {
    expect(parseVariables('\n A_KEY = sk-1=2 \r\nB2={"a": 1}\n')).toEqual({
      kind: 'secrets',
      secrets: new Map([
        ['A_KEY', 'sk-1=2'],
        ['B2', '{"a": 1}'],
      ]),
    })
  })

  test.each(['sk-without-a-name', '1A=x', 'A=', 'A-B=x', '=x'])(
    'refuses %j and reports only its line number',
    (line) => expect(parseVariables(`A=x\n${line}`)).toEqual({ kind: 'wrong', line: 2 }),
  )
})

describe('pickVariables', () => {
  const given = new Map([
    ['A', '1'],
    ['B', '2'],
  ])

  test('gives an agent the variables that it requests and no others', () => {
    expect(pickVariables(['B'], given)).toEqual({ kind: 'picked', variables: { B: '2' } })
  })

  test('names the missing variables', () => {
    expect(pickVariables(['C', 'A', 'D'], given)).toEqual({ kind: 'missing', names: ['C', 'D'] })
  })
})
