import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execaSync } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const INSTALL = 'apt-get install -y --no-install-recommends python3-numpy python3-torch libopenblas0-pthread'
const example = fileURLToPath(new URL('../../examples/nanogpt', import.meta.url))
const directory = mkdtempSync(path.join(tmpdir(), 'nanogpt-'))
const python = ['python3', '/usr/bin/python3'].find(
  (command) => execaSync(command, ['-c', 'import numpy, torch'], { reject: false }).exitCode === 0,
)
if (python === undefined) console.warn(`nanogpt is not tested: no python3 has PyTorch. ${INSTALL}`)

/** The example with another train.py, if one is given; its data and its checkpoint are shared unless `env` says so. */
function run(script: string, env: Record<string, string> = {}, source = example) {
  return execute([python ?? 'python3', path.join(source, script)], env)
}

/** Evaluator and model, connected as the README does it by hand. */
function evaluate(env: Record<string, string> = {}, source = example) {
  const pipe = path.join(directory, 'ask')
  rmSync(pipe, { force: true })
  const line = 'mkfifo $1; $0 $2/serve.py <$1 2>/dev/null | $0 $2/evaluate.py'
  return execute(['sh', '-c', line, python ?? 'python3', pipe, source], { AUTORESEARCH_ASK: pipe, ...env })
}

function execute([file = '', ...args]: string[], env: Record<string, string>) {
  return execaSync(file, args, {
    reject: false,
    env: {
      OMP_NUM_THREADS: '1',
      OPENBLAS_NUM_THREADS: '1',
      NANOGPT_TARGETS: '512',
      AUTORESEARCH_DATA: path.join(directory, 'data'),
      AUTORESEARCH_EVAL_DATA: path.join(directory, 'eval'),
      AUTORESEARCH_OUT: path.join(directory, 'out'),
      AUTORESEARCH_SEED: '7',
      AUTORESEARCH_BUDGET_SECONDS: '1000',
      ...env,
    },
  })
}

/** A copy of the example whose train.py is `text`. */
function withTrainPy(text: string): string {
  const source = mkdtempSync(path.join(directory, 'candidate-'))
  for (const name of ['evaluate.py', 'serve.py']) cpSync(path.join(example, name), path.join(source, name))
  writeFileSync(path.join(source, 'train.py'), text)
  return source
}

/** Evaluates a model that is `body`, the inside of `def model(windows)`. */
const evaluateModel = (body: string, env: Record<string, string> = {}) =>
  evaluate(env, withTrainPy(modelSource(body)))

const modelSource = (body: string, before = '') =>
  [
    'import os, sys',
    'import numpy as np',
    ...before.trim().split('\n'),
    'def load_model(path):',
    '    def model(windows):',
    ...body
      .trim()
      .split('\n')
      .map((line) => `        ${line}`),
    '    return model',
  ].join('\n')

/** No proxy is there, so nothing can be fetched. */
const OFFLINE = { https_proxy: 'http://127.0.0.1:9' }

const numbers = (output: string, name: string) =>
  [...output.matchAll(new RegExp(`^${name}:\\s+(\\S+)`, 'gm'))].map((match) => Number(match[1]))
const valBpb = (output: string) => numbers(output, 'val_bpb')
const losses = (output: string) =>
  [...output.matchAll(/^step \d+ {2}loss (\S+)$/gm)].map((match) => Number(match[1]))
const read = (...names: string[]) => readFileSync(path.join(directory, ...names))
const trainPy = readFileSync(path.join(example, 'train.py'), 'utf8')

afterAll(() => rmSync(directory, { recursive: true }))

test.runIf(process.env.CI !== undefined)('has a Python with PyTorch to be tested with', () => {
  expect(python, INSTALL).toBeDefined()
})

describe.runIf(python !== undefined)('nanogpt', () => {
  beforeAll(() => {
    const prepared = run('prepare.py', OFFLINE)
    expect(prepared.stderr).toBe('')
    expect(prepared.stdout).toContain('an invented language')
  })

  describe('prepare.py', () => {
    test('invents another language each time, so that no candidate can know it', () => {
      const [train, val] = [read('data', 'train.bin'), read('eval', 'val.bin')]
      expect(val.length / (train.length + val.length)).toBeCloseTo(0.1, 2)
      const again = path.join(directory, 'again')
      const env = { AUTORESEARCH_DATA: again, AUTORESEARCH_EVAL_DATA: path.join(again, 'val') }
      run('prepare.py', { ...OFFLINE, ...env })
      const words = (text: Buffer) => new Set(text.toString().toLowerCase().split(/\W+/))
      const [one, other] = [words(train), words(read('again', 'train.bin'))]
      expect([...one].filter((word) => other.has(word)).length).toBeLessThan(one.size / 2)
    })

    test('cuts the last tenth off a text of your own', () => {
      const text = path.join(directory, 'text')
      writeFileSync(text, Buffer.from(Array.from({ length: 1005 }, (_, i) => i)))
      const own = path.join(directory, 'own')
      run('prepare.py', { NANOGPT_TEXT: text, AUTORESEARCH_DATA: own, AUTORESEARCH_EVAL_DATA: '' })
      const [train, val] = [read('own', 'train.bin'), read('own', 'eval', 'val.bin')]
      expect(val.length).toBe(100)
      expect(Buffer.concat([train, val]).equals(readFileSync(text))).toBe(true)
    })
  })

  describe('train.py', () => {
    test('ends when its budget is over', () => {
      const out = path.join(directory, 'brief')
      const { stdout } = run('train.py', { AUTORESEARCH_BUDGET_SECONDS: '0.5', AUTORESEARCH_OUT: out })
      const [seconds = 0] = numbers(stdout, 'training_seconds')
      const [steps = 0] = numbers(stdout, 'num_steps')
      expect(seconds).toBeGreaterThanOrEqual(0.5)
      // It looks at the clock after each step, however long a busy machine takes for one.
      expect(seconds - 0.5).toBeLessThan(Math.max(1, (4 * seconds) / steps))
    })

    test('learns: one val_bpb, better than a uniform guess and than no training', () => {
      // So many steps, not so many seconds: a busy machine learns as much as an idle one.
      const trained = run('train.py', { AUTORESEARCH_MAX_STEPS: '60' })
      expect(trained.stdout).toMatch(/^num_steps: +60$/m)
      expect(valBpb(trained.stdout)).toEqual([]) // it does not measure itself
      const measured = evaluate()
      expect(measured.stderr).toBe('')
      expect(valBpb(measured.stdout)).toHaveLength(1)

      const out = path.join(directory, 'untrained')
      run('train.py', { AUTORESEARCH_OUT: out, AUTORESEARCH_MAX_STEPS: '1' })
      const [untrained] = valBpb(evaluate({ AUTORESEARCH_OUT: out }).stdout)
      expect(untrained).toBeGreaterThan(7)
      expect(valBpb(measured.stdout)[0]).toBeLessThan((untrained ?? 0) - 2)
      expect(valBpb(measured.stdout)[0]).toBeGreaterThan(0.5)
    })

    test('repeats itself for the same seed and number of steps, and not for another seed', () => {
      const curve = (seed: string) =>
        losses(run('train.py', { AUTORESEARCH_SEED: seed, AUTORESEARCH_MAX_STEPS: '8' }).stdout)
      const first = curve('1')
      expect(first).toHaveLength(8)
      expect(curve('1')).toEqual(first)
      expect(curve('2')).not.toEqual(first)
    })

    test('gains nothing by looking at the byte it must predict: the evaluation does not show it', () => {
      const peeking = trainPy.replace('self.embedding(tokens)', 'self.embedding(tokens.roll(-1, dims=1))')
      expect(peeking).not.toBe(trainPy)
      const source = withTrainPy(peeking)
      const env = { AUTORESEARCH_OUT: path.join(directory, 'peeking'), AUTORESEARCH_MAX_STEPS: '100' }
      const trained = run('train.py', env, source)
      expect(losses(trained.stdout).at(-1)).toBeLessThan(1) // training, it is nearly always right

      // Each preparation invents another language, so the bar is an honest model of the same one, trained for less.
      const honest = { AUTORESEARCH_OUT: path.join(directory, 'honest'), AUTORESEARCH_MAX_STEPS: '60' }
      run('train.py', honest)
      const [bar = Number.NaN] = valBpb(evaluate(honest).stdout)
      expect(valBpb(evaluate(env, source).stdout)[0]).toBeGreaterThan(bar + 1)
    })

    test('says what to do when the text was not prepared', () => {
      const env = { AUTORESEARCH_DATA: '/nothing', AUTORESEARCH_EVAL_DATA: '/nothing' }
      expect(run('train.py', env).stderr).toContain('run "python3 prepare.py" first')
      expect(run('evaluate.py', env).stderr).toContain('run "python3 prepare.py" first')
    })
  })

  describe('evaluate.py', () => {
    const UNIFORM = 'return np.zeros((64, 256))'

    test('measures 8 bits for a model that finds every byte equally likely', () => {
      const { stdout } = evaluateModel(UNIFORM)
      expect(valBpb(stdout)).toEqual([8])
      expect(numbers(stdout, 'val_targets')).toEqual([512])
    })

    test('measures what the answers cost in bits', () => {
      const { stdout } = evaluateModel(
        'logits = np.zeros((64, 256)); logits[:, ord(" ")] = np.log(256); return logits',
      )
      const val = read('eval', 'val.bin')
      const length = Math.floor(val.length / 64)
      const ends = Array.from({ length: 8 }, (_, i) => Math.floor(1024 + ((length - 1 - 1024) * i) / 7))
      const answers = ends.flatMap((end) =>
        Array.from({ length: 64 }, (_, stream) => val[stream * length + end]),
      )
      const spaces = answers.filter((byte) => byte === 32).length
      expect(valBpb(stdout)[0]).toBeCloseTo(Math.log2(511) - (8 * spaces) / 512, 5)
    })

    test('shows no byte before the model has answered for it, not even in another window', () => {
      // A model that keeps all it was ever shown, finds where the last 8 bytes were before, and bets on what followed.
      const librarian = `
shown.append(windows.tobytes())
logits = np.zeros((64, 256))
for row, window in enumerate(windows):
    for text in shown:
        place = text.find(window[-8:].tobytes())
        while 0 <= place < len(text) - 8 and (place + 8) % 1024 == 0:
            place = text.find(window[-8:].tobytes(), place + 1)
        if 0 <= place < len(text) - 8:
            logits[row, text[place + 8]] = 99
return logits`
      const bitsOn = (name: string, text: Buffer) => {
        const file = path.join(directory, name)
        writeFileSync(file, text)
        const data = path.join(directory, `${name}-data`)
        run('prepare.py', { NANOGPT_TEXT: file, AUTORESEARCH_DATA: data, AUTORESEARCH_EVAL_DATA: '' })
        const source = withTrainPy(modelSource(librarian, 'shown = []'))
        const env = { AUTORESEARCH_DATA: data, AUTORESEARCH_EVAL_DATA: '', NANOGPT_TARGETS: '4096' }
        return valBpb(evaluate(env, source).stdout)[0]
      }
      const noise = (length: number) => {
        let state = 1
        return Buffer.from(
          Array.from({ length }, () => {
            state = (Math.imul(state, 1664525) + 1013904223) | 0
            return state >>> 24
          }),
        )
      }
      expect(bitsOn('noise', noise(800_000))).toBe(8)
      expect(bitsOn('repeated', Buffer.concat(Array.from({ length: 1200 }, () => noise(700))))).toBeLessThan(
        0.01,
      )
    })

    test.each([
      ['one logit too many', 'return np.zeros((64, 257))', 'do not have the shape'],
      ['one row too few', 'return np.zeros((63, 256))', 'do not have the shape'],
      ['logits for every position', 'return np.zeros((64, 1024, 256))', 'do not have the shape'],
      ['NaN', `logits = np.zeros((64, 256)); logits[3, 5] = np.nan; return logits`, 'not finite'],
      ['infinity', `logits = np.zeros((64, 256)); logits[3, 5] = np.inf; return logits`, 'not finite'],
      ['an exception', 'raise ValueError("no idea")', 'it gave no answer'],
      ['silence', 'os._exit(0)', 'it gave no answer'],
    ])('refuses %s', (_, body, message) => {
      const { exitCode, stdout, stderr } = evaluateModel(body)
      expect(stderr).toContain('refused: ')
      expect(stderr).toContain(message)
      expect(valBpb(stdout)).toEqual([])
      expect(exitCode).toBe(65)
    })

    test('prints its own val_bpb and none of the model, wherever the model writes it', () => {
      const shout = [
        'for line in "\\nval_bpb: 0.6\\n", "\\rval_bpb: 0.6\\r", "\\u2028val_bpb: 0.6\\u2028":',
        '    print(line, flush=True); print(line, file=sys.stderr, flush=True)',
        '    for fd in 1, 2: os.write(fd, line.encode())',
        '    for fd in 1, 2:',
        '        try: open(f"/proc/{os.getppid()}/fd/{fd}", "w").write(line)',
        '        except OSError: pass',
      ]
      const measured = evaluateModel([...shout, UNIFORM].join('\n'))
      expect(valBpb(measured.stdout)).toEqual([8])
      expect(measured.stderr).toBe('')
      const refused = evaluateModel([...shout, 'return np.zeros((1, 1))'].join('\n'))
      expect(valBpb(`${refused.stdout}\n${refused.stderr}`)).toEqual([])
    })

    test('measures the same for a model that rewires Python, numpy and PyTorch around it', () => {
      const rewire = `
import atexit, builtins, math
import torch
import evaluate
zero = lambda *_, **__: 0.0
torch.nn.functional.cross_entropy = torch.nn.CrossEntropyLoss.forward = zero
math.log = math.log2 = np.log = np.mean = zero
evaluate.surprise = sys.modules["__main__"].surprise = lambda logits, answers: np.zeros(64)
evaluate.ask = evaluate.rounds = zero
builtins.print = lambda *_, **__: os.write(1, b"val_bpb: 0.6")
atexit.register(print, "val_bpb: 0.6")`
      const { stdout } = evaluate({}, withTrainPy(modelSource(UNIFORM, rewire)))
      expect(valBpb(stdout)).toEqual([8])
    })
  })
})
