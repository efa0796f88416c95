// Output as a person sees it: what control characters do to the lines in which the metric and the curve are searched.
import { describe, expect, test } from 'vitest'
import type { Metric } from '../../../src/core/trial/metric.ts'
import { OutputReader } from '../../../src/core/trial/output.ts'

const METRIC: Metric = {
  name: 'val_loss',
  direction: 'minimize',
  source: { kind: 'pattern', pattern: '^val_loss: (\\S+)$' },
}
const PROGRESS = 'step (?<step>\\d+) loss (?<value>\\S+)'
const ESC = '\u001b'

function read(chunks: readonly string[]): OutputReader {
  const reader = new OutputReader(METRIC, PROGRESS)
  for (const chunk of chunks) reader.push(chunk)
  reader.end()
  return reader
}

/** The values found when the output arrives whole, and character by character. */
function valuesIn(output: string): readonly string[] {
  const [whole, single] = [read([output]), read([...output])]
  expect(single.metricText).toEqual(whole.metricText)
  expect(single.curve).toEqual(whole.curve)
  expect(whole.log).toBe(output)
  return whole.metricText.texts
}

describe('F73 the metric is matched as a person sees it', () => {
  test.each([
    ['colours', `${ESC}[1;32mval_loss:${ESC}[0m ${ESC}[38;2;255;0;0m1.5${ESC}[m\n`],
    ['colours with colons', `${ESC}[38:2::255:0:0mval_loss: 1.5${ESC}[m\n`],
    ['8-bit controls', 'val_loss: \u009b31m1.5\u009b0m\n'],
    ['a hyperlink', `val_loss: ${ESC}]8;;https://example.org/run${ESC}\\1.5${ESC}]8;;${ESC}\\\n`],
    ['a hyperlink closed by a bell', `${ESC}]8;id=1;file:///a\u0007val_loss: 1.5${ESC}]8;;\u0007\n`],
    ['a window title', `${ESC}]0;epoch 3\u0007val_loss: 1.5\n`],
    ['a title without an end', `${ESC}]0;epoch 3\nval_loss: 1.5\n`],
    ['a device control string', `${ESC}Pq#0;2;0;0;0${ESC}\\val_loss: 1.5\n`],
    ['a hidden cursor', `${ESC}[?25lval_loss: 1.5${ESC}[?25h\n`],
    ['a character set', `${ESC}(Bval_loss: 1.5\n`],
    ['an erased line', `step 1${ESC}[2K\rval_loss: 1.5\n`],
    ['a line erased to its end', `val_loss: 1.5 (best)${ESC}[7D${ESC}[K\n`],
    ['a longer progress bar', '100%|██████████| 20/20 [00:01<00:00, 19.9it/s]\rval_loss: 1.5\n'],
    ['a bar erased by spaces', ' 50%|█████     |\r                \rval_loss: 1.5\n'],
    ['earlier values of the same line', 'val_loss: 3.25\rval_loss: 2.125\rval_loss: 1.5\n'],
    ['a value without a line end', 'val_loss: 3.25\rval_loss: 1.5\r'],
    ['Windows line ends', 'begin\r\nval_loss: 1.5\r\nend\r\n'],
    ['doubled carriage returns', 'val_loss: 1.5\r\r\n'],
    ['backspaces', 'val_loss: 9.9\b\b\b1.5\n'],
    ['a cursor moved back', `val_loss: 9.9${ESC}[3D1.5\n`],
    ['a cursor moved to a column', `val_loss: 9.9${ESC}[11G1.5\n`],
    ['a cursor moved forward over a label', `val_loss: ${ESC}[6Dxxxxxx\rval_loss: ${ESC}[1G${ESC}[10C1.5\n`],
    ['a saved cursor', `val_loss: ${ESC}79.9${ESC}81.5\n`],
    ['deleted characters', `val_loss: 99991.5${ESC}[7D${ESC}[4P\n`],
    ['a line drawn again from the line below', `val_loss: 9.25\n${ESC}[1A${ESC}[2Kval_loss: 1.5\n`],
    ['a line drawn again without erasing', `val_loss: 9.25\n${ESC}[Fval_loss: 1.5\n`],
    [
      'a screen drawn twice',
      `${ESC}[2J${ESC}[Hval_loss: 9.25\nepoch 1\n${ESC}[H${ESC}[Jval_loss: 1.5\nepoch 2\n`,
    ],
    ['a line above a screen that is cleared', `val_loss: 1.5\n${ESC}[H${ESC}[2Jdone\n`],
    ['NUL and other controls', '\u0000val\u0000_loss:\u0007 1.5\u0000\u000e\u000f\n'],
    ['a byte order mark', '\ufeffval_loss: 1.5\n'],
    ['zero-width characters', 'val_loss:\u200b 1\u2060.5\n'],
    ['an unfinished sequence at the end', `val_loss: 1.5\n${ESC}[3`],
  ])('%s', (_, output) => expect(valuesIn(output)).toEqual(['1.5']))

  test.each([
    ['was erased', `val_loss: 1.5\r${ESC}[Kdone\n`],
    ['was drawn over', 'val_loss: 1.5\rdone           \n'],
    ['is only in a window title', `${ESC}]0;val_loss: 1.5\u0007done\n`],
    ['is only in the address of a link', `${ESC}]8;;\nval_loss of ${ESC}]8;;val_loss: 1.5${ESC}\\run\n`],
  ])('a value that %s does not count', (_, output) => expect(valuesIn(output)).toEqual([]))

  test('a value printed beside a progress bar of the other stream counts', () => {
    const reader = new OutputReader(METRIC, PROGRESS)
    reader.push('\r 50%|█████     |', 1)
    reader.push('val_loss: 1.5\r', 0)
    reader.push(`\r100%|██████████|${ESC}[A\r`, 1)
    reader.push('\n', 0)
    reader.end()
    expect(reader.metricText.texts).toEqual(['1.5'])
  })

  test('a line far above does not change any more', () => {
    const output = `val_loss: 1.5\n${'\n'.repeat(200)}${ESC}[300A\rval_loss: 2.5\n`
    expect(valuesIn(output)).toEqual(['1.5', '2.5'])
  })
})

describe('F73 the curve', () => {
  test.each([
    ['a progress bar', 'step 1 loss 3\rstep 2 loss 2\rstep 3 loss 1\n'],
    ['coloured lines', `${ESC}[32mstep 1 loss 3\nstep 2 loss ${ESC}[1m2${ESC}[m\nstep 3 loss 1${ESC}[0m\n`],
    ['a line drawn again', `step 1 loss 3\n${ESC}[A${ESC}[2Kstep 2 loss 2\n${ESC}[A\rstep 3 loss 1\n`],
    ['a number rewritten by backspaces', 'step 1 loss 3\b\b\b\b\b\b\b\b2 loss 2\b\b\b\b\b\b\b\b3 loss 1\n'],
    ['thousands', 'step 1 loss 3,\nstep 2 loss 2%\nstep 3 loss 1;\n'],
  ])('has every state of %s', (_, output) => {
    valuesIn(output)
    expect(read([output]).curve).toEqual([
      { step: 1, value: 3 },
      { step: 2, value: 2 },
      { step: 3, value: 1 },
    ])
  })
})

test('F39 sequences without an end are read in bounded time and memory', () => {
  const reader = new OutputReader(METRIC, PROGRESS)
  for (let chunk = 0; chunk < 30; chunk += 1) reader.push(`${ESC}]${'x'.repeat(100_000)}`)
  for (let chunk = 0; chunk < 30; chunk += 1) reader.push(`${ESC}[`.repeat(10_000))
  for (let chunk = 0; chunk < 30; chunk += 1) reader.push(`${ESC}[99999999B${ESC}[99999999C`.repeat(1000))
  reader.push('\nval_loss: 1.5\n')
  reader.end()
  expect(reader.metricText.texts).toEqual(['1.5'])
})
