// Cheaters against nanogpt: the same path, in Python.
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { improved, NANOGPT, slow } from '../fixtures/cheaters/nanogpt.ts'
import { expectFate, named } from './expectations.ts'
import { type Lab, openLab, SKIP, TEXT } from './lab.ts'

const PYTHON = '/usr/bin/python3'
const INSTALL = 'apt-get install -y --no-install-recommends python3-numpy python3-torch libopenblas0-pthread'
const hasTorch = spawnSync(PYTHON, ['-c', 'import numpy, torch']).status === 0
if (!hasTorch) console.warn(`Cheaters of nanogpt are not tested: ${PYTHON} has no PyTorch. ${INSTALL}`)

/** Model and evaluator in one sandbox, as before there was a wall between them. */
const TOGETHER = `evaluate: mkfifo /tmp/ask && ${PYTHON} serve.py </tmp/ask | AUTORESEARCH_ASK=/tmp/ask`
const APART = `serve: ${PYTHON} serve.py\nevaluate:`

const config = (evaluation = APART) => `
setup:
  run: NANOGPT_TEXT="${TEXT}" ${PYTHON} prepare.py
  environment: [HF_HOME]
train: AUTORESEARCH_MAX_STEPS=20 ${PYTHON} train.py
${evaluation} NANOGPT_TARGETS=512 ${PYTHON} evaluate.py
budget: 60s
timeout: 120s
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb:\\s+(\\S+)', bounds: [0.5, 10] }
replicates: { baseline: 3, candidate: 2 }
# The baseline is slow on purpose: what improves it is too good to be true.
review-above: 1000%
`

test.runIf(process.env.CI === 'true')('there is a Python with PyTorch to be tested with', () => {
  expect(hasTorch, INSTALL).toBe(true)
})

describe.skipIf(SKIP || !hasTorch)('nanogpt', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await openLab({ example: 'nanogpt', editable: 'train.py', config: config(), baseline: slow })
  })
  afterAll(() => lab?.close())

  test('the baseline is measured by the evaluator', () => {
    expect(lab.baseline.map(({ outcome, trust }) => `${outcome} ${trust}`)).toEqual(
      Array(3).fill('measured separated'),
    )
  })

  test('an honest improvement is merged', async () => {
    const honest = { title: 'learns faster', edit: improved, expected: { refused: /^$/ } }
    expect(await lab.take(honest, { told: lab.ofUsualLength })).toMatchObject({
      kind: 'judged',
      verdict: { kind: 'merge' },
    })
  })

  test('F61 removed: without the wall, the pickle reads the answers where it is loaded', async () => {
    const unlocked = await openLab({
      example: 'nanogpt',
      editable: 'train.py',
      config: config(TOGETHER),
      baseline: slow,
    })
    try {
      const bomb = NANOGPT.find(({ title }) => title.startsWith('F61'))
      if (!bomb) throw new Error('no cheater is called F61')
      // It ends the model's process at once when it has read them.
      expect(await unlocked.take(bomb)).toMatchObject({
        verdict: { kind: 'reject', reason: expect.stringContaining('ended with exit code 65') },
      })
    } finally {
      await unlocked.close()
    }
  })

  test.each(named(NANOGPT))('%s: not merged', async (_, cheater) => {
    await expectFate(lab, cheater)
  })
})
