import { describe, expect, test } from 'vitest'
import { parseVariables, pickVariables } from '../../../src/core/config/agent-environment.ts'

describe('parseVariables', () => {
  test('reads one variable per line', () => {
    expect(parseVariables('\n A_KEY = sk-1=2 \r\nB2={"a": 1}\n')).toEqual({
      kind: 'variables',
      variables: new Map([
        ['A_KEY', 'sk-1=2'],
        ['B2', '{"a": 1}'],
      ]),
    })
  })

  test.each(['sk-without-a-name', '1A=x', 'A=', 'A-B=x', '=x'])('refuses %j by its line alone', (line) =>
    expect(parseVariables(`A=x\n${line}`)).toEqual({ kind: 'wrong', line: 2 }),
  )
})

describe('pickVariables', () => {
  const given = new Map([
    ['A', '1'],
    ['B', '2'],
  ])

  test('gives an agent what it asks for and nothing else', () => {
    expect(pickVariables(['B'], given)).toEqual({ kind: 'picked', variables: { B: '2' } })
  })

  test('names what is missing', () => {
    expect(pickVariables(['C', 'A', 'D'], given)).toEqual({ kind: 'missing', names: ['C', 'D'] })
  })
})
