// Time to target with real processes: where training ends, what the clock says, and what an evaluator confirms.
import { execaSync } from 'execa'
import { describe, expect, test } from 'vitest'
import { trialResultSchema } from '../../src/core/record/trial.ts'
import type { CutPlan } from '../../src/core/trial/curve.ts'
import { aRemote, trialOf } from '../scaffold.ts'
import { aTrainerIn } from './trainer-lab.ts'

const SANDBOX = execaSync('bwrap', ['--version'], { reject: false }).exitCode === 0 ? 'bubblewrap' : 'none'
const CONFIG = '.github/autoresearch.yml'
const NEVER = new AbortController().signal

/** Waits, in the words of the scripts below. */
const WAIT = `const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds))
const model = (text) => require('node:fs').writeFileSync(process.env.AUTORESEARCH_OUT + '/model', text)
const stay = () => setInterval(() => {}, 1000)
`

/** Runs a script that should bring \`val\` to 2 or less. */
async function run(
  body: string,
  config = '',
  { cut, isCandidate = false }: { cut?: CutPlan; isCandidate?: boolean } = {},
) {
  const remote = await aRemote({
    'train.cjs': `${WAIT};(async () => {\n${body}\n})()`,
    [CONFIG]: `
editable: [train.cjs]
train: node train.cjs
sandbox: ${SANDBOX}
budget: 1s
timeout: 30s
metric: { kind: time-to-target, curve: val, target: 2 }
${config}
`,
  })
  const context = remote.itself
  const { log, trainer } = await aTrainerIn(context, { testbed: 'here' })
  const trial = await trialOf(context, remote.base, remote.base)
  const result = await trainer.run(isCandidate ? { ...trial, candidate: 'c' } : trial, NEVER, cut)
  return { result: trialResultSchema.parse(result), log }
}

describe('a training that should reach a target', () => {
  test('and did not while it compiled, is made again with what was compiled', async () => {
    const { result, log } = await run(`
const fs = require('node:fs')
const cache = process.env.TRITON_CACHE_DIR
const isWarm = fs.existsSync(cache + '/last')
fs.mkdirSync(cache, { recursive: true })
for (const name of ['first', 'last']) fs.writeFileSync(cache + '/' + name, '')
fs.utimesSync(cache + '/last', new Date(), new Date(Date.now() + 20_000))
console.log(isWarm ? 'val: 1' : 'val: 3')`)
    expect(log.lines.join('\n')).toContain('It is trained again with the compiler caches')
    expect(result.outcome).toBe('measured')
  })

  test('ends there, and is measured without its pauses', async () => {
    const { result } = await run(`
console.log('val: 3')
await wait(1000)
console.log('AUTORESEARCH_PAUSE')
await wait(1500)
console.log('AUTORESEARCH_RESUME')
await wait(1000)
console.log('val: 1')
stay()`)
    const { outcome, value = 0, crossing, wallSeconds, curve } = result
    expect(outcome).toBe('measured')
    expect(crossing?.pausedSeconds).toBeGreaterThan(0.5)
    expect(crossing?.intervalSeconds).toBeGreaterThan(0.5)
    expect(crossing?.afterSeconds).toBeCloseTo((crossing?.intervalSeconds ?? 0) / 2, 2)
    const { seconds = 0, pausedSeconds = 0, afterSeconds = 0 } = crossing ?? {}
    expect(value).toBeCloseTo(seconds - pausedSeconds - afterSeconds, 2)
    expect(wallSeconds).toBeLessThan(29)
    expect(curve.map((point) => point.value)).toEqual([3, 1])
  })

  test('that ends before is not measured, and of a baseline a warning says what to change', async () => {
    const { result, log } = await run(`console.log('val: 3')`)
    expect(result).toMatchObject({ outcome: 'not-reached' })
    expect(log.lines.join('\n')).toContain('Raise `budget`, or choose a `metric.target`')
  })

  test('goes on behind its target for guards that it prints itself', async () => {
    const guards = `guards: [{ name: memory, direction: minimize, pattern: '^memory: (\\S+)', max: 100 }]`
    const { result } = await run(`console.log('val: 1'); await wait(50); console.log('memory: 70')`, guards)
    expect(result).toMatchObject({ outcome: 'measured', guards: [{ name: 'memory', value: 70 }] })
    expect(result.crossing?.savingSeconds).toBe(0)
  })

  test('is stopped when it is late beyond hope', async () => {
    const latest = { seconds: 0.2, pausedSeconds: 0.1, usualSeconds: 0.1 }
    const cut: CutPlan = { testbed: 'here', sign: 1, windowSteps: 1, checkpoints: [], latest }
    const body = `console.log('AUTORESEARCH_PAUSE'); setInterval(() => console.log('val: 3'), 20)`
    const { result } = await run(body, '', { cut, isCandidate: true })
    expect(result).toMatchObject({ outcome: 'cut' })
    expect(result.reason).toContain('it had not reached the target')
  })
})

describe('an evaluator', () => {
  const evaluate = 'evaluate: cat "$AUTORESEARCH_OUT/model"'

  test('confirms the checkpoint that training saved when it was stopped', async () => {
    const { result } = await run(
      `process.on('SIGTERM', async () => { await wait(1500); model('val: 1.9'); process.exit() })
console.log('val: 1')
stay()`,
      evaluate,
    )
    expect(result).toMatchObject({ outcome: 'measured', trust: 'evaluated' })
    expect(result.crossing?.savingSeconds).toBeGreaterThan(1.4)
  })

  test('refuses a target that was only printed', async () => {
    const { result } = await run(`model('val: 9'); console.log('val: 1'); stay()`, evaluate)
    expect(result).toMatchObject({ outcome: 'not-reached' })
    expect(result.reason).toContain('the evaluator measured 9')
  })

  test('F58 removed: without one, a target that was only printed counts', async () => {
    const { result } = await run(`model('val: 9'); console.log('val: 1'); stay()`)
    expect(result).toMatchObject({ outcome: 'measured', trust: 'self-reported' })
  })

  test('is not asked when the target was not reached', async () => {
    const { result } = await run(`model('val: 1'); console.log('val: 3')`, evaluate)
    expect(result).toMatchObject({ outcome: 'not-reached' })
    expect(result.reason).toContain('before training ended')
  })
})
