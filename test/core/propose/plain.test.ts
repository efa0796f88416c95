// The parser is strict: every error makes the whole answer malformed.
import { describe, expect, test } from 'vitest'
import { PLAIN_FORMAT, parsePlainAnswer } from '../../../src/core/propose/plain.ts'

const HEAD = 'TITLE: Warm up\nHYPOTHESIS: Steps are too large.\nCATEGORY: schedule\nEXPECTED: -0.01\n'
const BLOCK = '<<<<<<< SEARCH\nlr = 1\n=======\nlr = 2\n\nwd = 2\n>>>>>>> REPLACE'

describe('parsePlainAnswer', () => {
  test('reads headers and blocks, including several of one file', () => {
    const text = `Here it is:\n${HEAD}\nFILE: a.py\n${BLOCK}\n${BLOCK}\nFILE: lib/b.py\n${BLOCK}\nDone.`
    const edit = { search: 'lr = 1', replace: 'lr = 2\n\nwd = 2' }
    expect(parsePlainAnswer(text)).toEqual({
      kind: 'candidate',
      edits: [
        { path: 'a.py', ...edit },
        { path: 'a.py', ...edit },
        { path: 'lib/b.py', ...edit },
      ],
      submit: {
        tool: 'submit',
        title: 'Warm up',
        hypothesis: 'Steps are too large.',
        category: 'schedule',
        expected_effect: '-0.01',
      },
    })
  })

  test('reads Windows line ends and answers in a code block', () => {
    const text = `\`\`\`\n${HEAD}FILE: a.py\n${BLOCK}\n\`\`\``.replaceAll('\n', '\r\n')
    expect(parsePlainAnswer(text)).toMatchObject({ kind: 'candidate', edits: [{ search: 'lr = 1' }] })
  })

  test('ignores the reasoning of a model', () => {
    const text = `<think>\n${HEAD}FILE: a.py\n${BLOCK}\n</think>\nI have no idea.`
    expect(parsePlainAnswer(text)).toEqual({ kind: 'prose' })
  })

  test('does not read the format instructions as a candidate', () => {
    expect(parsePlainAnswer(PLAIN_FORMAT).kind).toBe('malformed')
  })

  test.each([
    ['no block', HEAD, 'there is no block'],
    ['no header', `FILE: a.py\n${BLOCK}`, 'these lines are missing: TITLE, HYPOTHESIS, CATEGORY, EXPECTED'],
    ['a duplicate header', `${HEAD}${HEAD}FILE: a.py\n${BLOCK}`, 'TITLE occurs twice'],
    ['no file', `${HEAD}${BLOCK}`, 'has no FILE line before it'],
    ['F4 a block that was cut', `${HEAD}FILE: a.py\n${BLOCK.slice(0, -5)}`, 'does not end with'],
    ['a block without a divider', `${HEAD}FILE: a.py\n${BLOCK.replace('=======', '')}`, 'has no "======="'],
    ['an extra divider', `${HEAD}FILE: a.py\n${BLOCK.replace('wd = 2', '=======')}`, 'a second'],
    [
      'a block in a block',
      `${HEAD}FILE: a.py\n${BLOCK.replace('wd = 2', '<<<<<<< SEARCH')}`,
      'a block contains',
    ],
    ['a marker outside', `${HEAD}FILE: a.py\n${BLOCK}\n>>>>>>> REPLACE`, 'is outside a block'],
    ['an unknown category', `${HEAD.replace('schedule', 'magic')}FILE: a.py\n${BLOCK}`, 'category'],
    ['an empty title', `${HEAD.replace('Warm up', '')}FILE: a.py\n${BLOCK}`, 'title'],
  ])('F3 refuses %s', (_, text, problem) => {
    expect(parsePlainAnswer(text)).toEqual({ kind: 'malformed', problem: expect.stringContaining(problem) })
  })
})
