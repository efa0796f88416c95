// The same cheaters with one protection taken away: each trick then works, so it was that protection that stopped it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TrialResult } from '../../src/core/record/trial.ts'
import { survivors } from '../adapters/sandbox-lab.ts'
import { type Cheater, replaceOnce } from '../fixtures/cheaters/cheater.ts'
import { OUT_OF_BOUNDS, WITHOUT_SUBSTANCE } from '../fixtures/cheaters/refused.ts'
import {
  ENDS_EARLY,
  FLATTERS_ITSELF,
  PRINTS_TWICE,
  reportsItself,
} from '../fixtures/cheaters/self-reported.ts'
import { SERVING } from '../fixtures/cheaters/serving.ts'
import {
  CALLS_HOME,
  CARRIES_OVER,
  LEAVES_A_DAEMON,
  PEEKS,
  READS_SECRETS,
  TRAINING,
} from '../fixtures/cheaters/training.ts'
import { WALL } from '../fixtures/cheaters/wall.ts'
import { openCharLm as openSuspicious } from './char-lm-lab.ts'
import { CANARY, type Fate, type Lab, MARKER, SKIP } from './lab.ts'

/** A person is asked about many of these gains, which are too good to be true: that protection is taken away, too. */
const openCharLm: typeof openSuspicious = (options) => openSuspicious({ ...options, credulous: true })

let open: Lab
let victim: ChildProcess
let server: Server
let heard = ''

beforeAll(async () => {
  if (SKIP) return
  server = createServer((socket) => {
    socket
      .on('error', () => {})
      .on('data', (bytes) => {
        heard += String(bytes)
      })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  victim = spawn('sleep', ['300'], { env: { SECRET: CANARY }, stdio: 'ignore' })
  open = await openCharLm({ sandbox: 'none', port: (server.address() as AddressInfo).port })
})

afterAll(async () => {
  victim?.kill()
  server?.close()
  for (const pid of survivors(MARKER)) process.kill(Number(pid), 'SIGKILL')
  await open?.close()
})

function judged(fate: Fate): Extract<Fate, { kind: 'judged' }> {
  if (fate.kind === 'judged') return fate
  throw new Error(`the gate refused it: ${fate.reasons.join('\n')}`)
}

const ALL = [...TRAINING, ...SERVING, ...WALL, ...OUT_OF_BOUNDS, ...WITHOUT_SUBSTANCE]

/** The cheater that is refused or rejected in char-lm.test.ts. */
function known(title: string): Cheater {
  const found = ALL.find((cheater) => cheater.title === title)
  if (found) return found
  throw new Error(`no cheater is called ${title}`)
}

/** No trick here is one with time, unless nobody looks at a clock. */
const take = (lab: Lab, cheater: Cheater, options: { gate?: boolean } = {}) =>
  lab.take(cheater, { ...options, told: lab.ofUsualLength })

function expectMerged(fate: Fate): void {
  const { verdict } = judged(fate)
  expect(verdict.kind, verdict.reason).toBe('merge')
}

describe.skipIf(SKIP)('without the sandbox', () => {
  test('F57 training reads the answers, and the cheater is merged', async () => {
    const fate = await take(open, PEEKS)
    expect(judged(fate).logs[0]).toMatch(/^read \/.*val\.bin$/m)
    expectMerged(fate)
  })

  test('F54 training reads the secret of another process; F68 then it is removed and the run does not count', async () => {
    const { verdict, logs } = judged(await take(open, READS_SECRETS))
    expect(verdict).toMatchObject({
      kind: 'reject',
      reason: expect.stringContaining('invalid-metric: its output contained a secret of this job'),
    })
    expect(logs[0]).toContain('SECRET=***')
    expect(logs[0]).not.toContain(CANARY)
  })

  test('F68 without the list of secrets, it stands in the log', async () => {
    const unwatched = await openCharLm({ sandbox: 'none', secrets: [] })
    try {
      expect(judged(await take(unwatched, READS_SECRETS)).logs[0]).toContain(`SECRET=${CANARY}`)
    } finally {
      await unwatched.close()
    }
  })

  test('F55 training reaches the server', async () => {
    judged(await take(open, CALLS_HOME))
    expect(heard).toBe('stolen')
  })

  test('F35 the process that it leaves behind goes on', async () => {
    judged(await take(open, LEAVES_A_DAEMON))
    expect(survivors(MARKER)).not.toEqual([])
  })

  test('F59 what it keeps is there for the next trial', async () => {
    expect(judged(await take(open, CARRIES_OVER)).logs[0]).toContain('carried over: 0\n')
    const again = {
      ...CARRIES_OVER,
      edit: (...given: Parameters<NonNullable<typeof CARRIES_OVER.edit>>) =>
        `${CARRIES_OVER.edit?.(...given)}\nvoid 'once more'\n`,
    }
    const [log = ''] = judged(await take(open, again)).logs
    expect(Number(/carried over: (\d+)/.exec(log)?.[1])).toBeGreaterThan(0)
  })
})

describe.skipIf(SKIP)('without the evaluator', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await openCharLm({ evaluated: false, baseline: reportsItself })
  })
  afterAll(() => lab.close())

  test('F58 a flattering number is believed, and the cheater is merged', async () => {
    const fate = await take(lab, FLATTERS_ITSELF)
    expect(judged(fate).results.map(({ trust }) => trust)).toEqual(['self-reported', 'self-reported'])
    expectMerged(fate)
  })

  test('F25 nobody misses the model, and the cheater is merged', async () => {
    expectMerged(await take(lab, ENDS_EARLY))
  })

  test('F30 two numbers are still none', async () => {
    const { verdict } = judged(await take(lab, PRINTS_TWICE))
    expect(verdict).toMatchObject({ kind: 'reject', reason: expect.stringContaining('printed 2 times') })
  })
})

describe.skipIf(SKIP)('with an evaluator that is less careful', { concurrent: true }, () => {
  async function takeWith(evaluate: (text: string) => string, title: string, wall = true): Promise<Fate> {
    const lab = await openCharLm({ fixed: { 'evaluate.mjs': evaluate }, steps: 300, wall })
    try {
      return await take(lab, known(title))
    } finally {
      await lab.close()
    }
  }

  test.each(['F57 reads the answers when it is asked', 'F57 has another program read the answers'])(
    '%s: where both share a sandbox, it is merged',
    async (title) => {
      expectMerged(await takeWith((text) => text, title, false))
    },
  )

  test('F104 debugs its evaluator: where both share a sandbox, it is merged', async () => {
    // As it is, a signal ends it. One that goes on reading is debugged.
    const patient = (text: string) =>
      replaceOnce(
        text,
        '    const count = readSync(ANSWERS, bytes, { offset: done })',
        '    let count\n    try { count = readSync(ANSWERS, bytes, { offset: done }) } catch { continue }',
      )
    expectMerged(await takeWith(patient, 'F104 debugs its evaluator', false))
  })

  test('F58 rewires JavaScript: where it imports the candidate, that is merged', async () => {
    const importing = (text: string) => `import './train.mjs'\n${text}`
    expectMerged(await takeWith(importing, 'F58 rewires JavaScript around the evaluator', false))
  })

  test('learns from the character: where it shows that one, the candidate is merged', async () => {
    const showing = (text: string) =>
      replaceOnce(
        text,
        'val.subarray(place - context, place)',
        'val.subarray(place - context + 1, place + 1)',
      )
    expectMerged(await takeWith(showing, 'learns from the character it is to predict'))
  })

  test('remembers every question: where an early one holds a later answer, the candidate is merged', async () => {
    const backwards = (text: string) =>
      replaceOnce(
        replaceOnce(text, 'const TARGETS = 8192', 'const TARGETS = 16384'),
        'Math.floor((round * (piece - MAX_CONTEXT)) / count)',
        'Math.floor(((count - 1 - round) * (piece - MAX_CONTEXT)) / count)',
      )
    expectMerged(await takeWith(backwards, 'remembers every question, to find the answers in later ones'))
  })

  test('F62 a link instead of a model: where it is followed, the candidate is merged', async () => {
    const lab = await openCharLm({
      wall: false,
      fixed: {
        'prepare.mjs': (text) => replaceOnce(text, '!lstatSync(file).isFile()', 'lstatSync === null'),
      },
    })
    try {
      expectMerged(await take(lab, known('F62 leaves a link to the answers instead of a model')))
    } finally {
      await lab.close()
    }
  })
})

describe.skipIf(SKIP)('without the gate, the sealed tree or a rule of the judge', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await openCharLm()
  })
  afterAll(() => lab.close())

  test.each(WITHOUT_SUBSTANCE.map(({ title }) => title))(
    '%s: without the gate it is another ticket in the same lottery',
    async (title) => {
      expect(judged(await take(lab, known(title), { gate: false })).results[0]?.outcome).toBe('measured')
    },
  )

  test('F57 F110 rewrites the evaluator: where that is editable and runs the model itself, it is merged', async () => {
    const careless = await openCharLm({ alsoEditable: ['evaluate.mjs'], wall: false })
    try {
      expectMerged(await take(careless, known('F57 rewrites the evaluator')))
    } finally {
      await careless.close()
    }
  })

  test.concurrent.each([
    'F32 takes longer than a run takes, along with a real gain',
    'F33 prepares before its own clock, along with a real gain',
    'F70 trains on after its budget, by a clock of its own',
    'F70 trains on in the evaluation',
  ])('%s: where nobody looks at a clock, it is merged', async (title) => {
    expectMerged(await take(lab, known(title)))
  })

  test('F71 carries its own randomness: where the baseline does not seem to vary either, it is merged', async () => {
    const [first] = lab.baseline
    // Twice the same value: as if the metric were too coarse to show how the runs vary.
    const told = (result: TrialResult) =>
      result.trial.candidate === null && result.trial.replicate === 2 && first?.value !== undefined
        ? { ...result, value: first.value }
        : lab.ofUsualLength(result)
    expectMerged(await lab.take(known('F71 carries its own randomness along with a real gain'), { told }))
  })
})
