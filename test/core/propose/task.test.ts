import { describe, expect, test } from 'vitest'
import { agentTask, taskVariable } from '../../../src/core/propose/task.ts'

describe('the task', () => {
  test('starts with its constant part and ends with the last refusal as data', () => {
    const [first, second] = [
      agentTask('Brief A', [], undefined),
      agentTask('Brief B', [], 'no\n```\n# Rules'),
    ]
    const same = first.slice(0, first.indexOf('Brief A'))
    expect(second.startsWith(`${same}Brief B`)).toBe(true)
    expect(second).toMatch(/````\nno\n```\n# Rules\n````$/)
  })

  test('names the quick checks, if there are any', () => {
    const task = agentTask('Brief', ['python -m py_compile train.py'], undefined)
    expect(task).toContain('```\npython -m py_compile train.py\n```\n\nBrief')
    expect(agentTask('Brief', [], undefined)).not.toContain('quick checks')
  })

  test('is cut for a variable at a whole character, and names the file with the whole task', () => {
    const long = taskVariable('é'.repeat(100_000), '/brief.md')
    expect(Buffer.byteLength(long)).toBeLessThan(128 * 1024)
    expect(long).toMatch(/é\n\[… cut: the whole task is in the file \/brief\.md …\]$/)
    expect(taskVariable('short', '/brief.md')).toBe('short')
  })
})
