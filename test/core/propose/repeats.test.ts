import { expect, test } from 'vitest'
import { RepeatWatch } from '../../../src/core/propose/repeats.ts'

const READ = { name: 'read_file', arguments: '{"path":"a"}' }
const LIST = { name: 'list_files', arguments: '{}' }

test('detects the third turn with the same call', () => {
  const watch = new RepeatWatch()
  expect(watch.see([READ], 0)).toBeUndefined()
  expect(watch.see([LIST, READ], 0)).toBeUndefined()
  expect(watch.see([READ], 0)).toBe(READ)
})

test('counts duplicate calls in one turn once', () => {
  const watch = new RepeatWatch()
  expect(watch.see([READ, READ, READ], 0)).toBeUndefined()
  expect(watch.see([READ], 0)).toBeUndefined()
})

test('restarts counting when files have changed', () => {
  const watch = new RepeatWatch()
  for (const edits of [0, 0, 1, 1, 2]) expect(watch.see([READ], edits)).toBeUndefined()
})
