import { expect, test } from 'vitest'
import { RepeatWatch } from '../../../src/core/propose/repeats.ts'

const READ = { name: 'read_file', arguments: '{"path":"a"}' }
const LIST = { name: 'list_files', arguments: '{}' }

test('notices the third turn with the same call', () => {
  const watch = new RepeatWatch()
  expect(watch.see([READ], 0)).toBeUndefined()
  expect(watch.see([LIST, READ], 0)).toBeUndefined()
  expect(watch.see([READ], 0)).toBe(READ)
})

test('counts a call twice in one turn as one', () => {
  const watch = new RepeatWatch()
  expect(watch.see([READ, READ, READ], 0)).toBeUndefined()
  expect(watch.see([READ], 0)).toBeUndefined()
})

test('begins to count anew when files have changed', () => {
  const watch = new RepeatWatch()
  for (const edits of [0, 0, 1, 1, 2]) expect(watch.see([READ], edits)).toBeUndefined()
})
