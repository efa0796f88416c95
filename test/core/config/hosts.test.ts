import { describe, expect, test } from 'vitest'
import { destinationText, isAllowed, parseDestination } from '../../../src/core/config/hosts.ts'

describe('parseDestination', () => {
  test.each([
    ['api.anthropic.com', { host: 'api.anthropic.com', port: 443 }],
    ['API.OpenAI.com:443', { host: 'api.openai.com', port: 443 }],
    ['localhost:8000', { host: 'localhost', port: 8000 }],
    ['[::1]:8000', { host: '::1', port: 8000 }],
  ])('reads %s', (text, destination) => expect(parseDestination(text)).toEqual(destination))

  test.each([
    ...['', 'https://a.example', 'a.example/', 'a.example:', 'a.example:0', 'a.example:70000'],
    ...['*.example', 'a.example.', '-a.example', '::1', 'a b', 'user@a.example', 'a.example:443x'],
  ])('refuses %j', (text) => expect(parseDestination(text)).toBeUndefined())
})

test('a host is allowed only on its own port', () => {
  const hosts = ['a.example', 'b.example:8000', 'no host']
  expect(isAllowed({ host: 'a.example', port: 443 }, hosts)).toBe(true)
  expect(isAllowed({ host: 'b.example', port: 8000 }, hosts)).toBe(true)
  expect(isAllowed({ host: 'a.example', port: 80 }, hosts)).toBe(false)
  expect(isAllowed({ host: 'b.example', port: 443 }, hosts)).toBe(false)
  expect(isAllowed({ host: 'x.a.example', port: 443 }, hosts)).toBe(false)
})

test('an IPv6 address is written in brackets', () => {
  expect(destinationText({ host: '::1', port: 80 })).toBe('[::1]:80')
})
