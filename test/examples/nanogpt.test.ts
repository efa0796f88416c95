import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
  return execaSync(python ?? 'python3', [path.join(source, script)], {
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
  run('evaluate.py', env, withTrainPy(modelSource(body)))

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

const numbers = (output: string, name: string) =>
  [...output.matchAll(new RegExp(`^${name}:\\s+(\\S+)`, 'gm'))].map((match) => Number(match[1]))
const valBpb = (output: string) => numbers(output, 'val_bpb')
const losses = (output: string) =>
  [...output.matchAll(/^step \d+ {2}loss (\S+)$/gm)].map((match) => Number(match[1]))
const read = (...names: string[]) => readFileSync(path.join(directory, ...names))
const trainPy = readFileSync(path.join(example, 'train.py'), 'utf8')

afterAll(() => rmSync(directory, { recursive: true }))

const RENAME = `
import os, sys
from pathlib import Path
from serve import hide
place = Path(sys.argv[1]).resolve()
for name in ("hidden", "cache", "build"):
    (place / name).mkdir()
(place / "build" / "kernel").touch()
(place / "hidden" / "val.bin").touch()
hide(place / "hidden")
os.rename(place / "build" / "kernel", place / "cache" / "kernel")
print(os.listdir(place / "cache"))
try:
    os.rename(place / "hidden" / "val.bin", place / "cache" / "val.bin")
except PermissionError:
    print("hidden")
`

test('the lock of serve.py lets a compiler move what it built into its cache, and hides the answers', () => {
  const place = mkdtempSync(path.join(directory, 'lock-'))
  const { stdout, stderr } = execaSync('python3', ['-c', RENAME, place], {
    env: { PYTHONPATH: example },
    reject: false,
  })
  expect(stderr).toBe('')
  expect(stdout).toBe("['kernel']\nhidden")
})

test.runIf(process.env.CI !== undefined)('has a Python with PyTorch to be tested with', () => {
  expect(python, INSTALL).toBeDefined()
})

describe.runIf(python !== undefined)('nanogpt', () => {
  beforeAll(() => {
    const prepared = run('prepare.py')
    expect(prepared.stderr).toBe('')
    expect(prepared.stdout).toContain('the standard library of Python')
  })

  describe('prepare.py', () => {
    test('puts every file of a package on one side of the split, and validates on about a tenth', () => {
      const [train, val] = [read('data', 'train.bin'), read('eval', 'val.bin')]
      expect(val.length / (train.length + val.length)).toBeGreaterThan(0.05)
      expect(val.length / (train.length + val.length)).toBeLessThan(0.2)
      const sides = (module: string) => {
        const text = readFileSync(
          execaSync(python ?? '', ['-c', `import ${module}; print(${module}.__file__)`]).stdout,
        )
        return [train.includes(text), val.includes(text)]
      }
      expect(sides('email.message')).toEqual([false, true])
      expect(sides('email.header')).toEqual([false, true])
      expect(sides('asyncio.events')).toEqual([true, false])
      expect(sides('argparse')).toEqual([true, false])
    })

    test('writes the same bytes every time', () => {
      const again = path.join(directory, 'again')
      run('prepare.py', { AUTORESEARCH_DATA: again, AUTORESEARCH_EVAL_DATA: path.join(again, 'val') })
      expect(read('again', 'train.bin').equals(read('data', 'train.bin'))).toBe(true)
      expect(read('again', 'val', 'val.bin').equals(read('eval', 'val.bin'))).toBe(true)
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
      const measured = run('evaluate.py')
      expect(measured.stderr).toBe('')
      expect(valBpb(measured.stdout)).toHaveLength(1)

      const out = path.join(directory, 'untrained')
      run('train.py', { AUTORESEARCH_OUT: out, AUTORESEARCH_MAX_STEPS: '1' })
      const [untrained] = valBpb(run('evaluate.py', { AUTORESEARCH_OUT: out }).stdout)
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
      expect(valBpb(run('evaluate.py', env, source).stdout)[0]).toBeGreaterThan(8)
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
        return valBpb(run('evaluate.py', env, source).stdout)[0]
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
      ['one logit too many', 'return np.zeros((64, 257))', "'[64, 257]', not [64, 256]"],
      ['one row too few', 'return np.zeros((63, 256))', "'[63, 256]', not [64, 256]"],
      ['logits for every position', 'return np.zeros((64, 1024, 256))', "'[64, 1024, 256]', not [64, 256]"],
      ['NaN', `logits = np.zeros((64, 256)); logits[3, 5] = np.nan; return logits`, 'not finite'],
      ['infinity', `logits = np.zeros((64, 256)); logits[3, 5] = np.inf; return logits`, 'not finite'],
      ['an exception', 'raise ValueError("no idea")', 'model| ValueError: no idea'],
      ['silence', 'os._exit(0)', 'it gave no answer'],
    ])('refuses %s', (_, body, message) => {
      const { exitCode, stdout, stderr } = evaluateModel(body)
      expect(stderr).toContain('refused: ')
      expect(stderr).toContain(message)
      expect(valBpb(stdout)).toEqual([])
      expect(exitCode).toBe(1)
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
      expect(refused.stderr).toContain('model| val_bpb: 0.6')
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
evaluate.Model = evaluate.rounds = zero
builtins.print = lambda *_, **__: os.write(1, b"val_bpb: 0.6")
atexit.register(print, "val_bpb: 0.6")`
      const { stdout } = run('evaluate.py', {}, withTrainPy(modelSource(UNIFORM, rewire)))
      expect(valBpb(stdout)).toEqual([8])
    })

    test('keeps the answers from the model, and as they are, whichever way it goes for them', () => {
      mkdirSync(path.join(directory, 'out'), { recursive: true })
      const source = withTrainPy(`
import os, shutil, subprocess, sys
import numpy as np

VAL = "${directory}/eval/val.bin"
OUT = os.environ["AUTORESEARCH_OUT"]
PARENT = os.getppid()

def link(make, name):
    place = os.path.join(OUT, name)
    if os.path.lexists(place): os.unlink(place)
    make(VAL, place)
    return open(place, "rb").read(9)

ROADS = {
    "open": lambda: open(VAL, "rb").read(9),
    "list": lambda: os.listdir(os.path.dirname(VAL)),
    "copy": lambda: shutil.copy(VAL, OUT),
    "change": lambda: open(VAL, "r+b"),
    "replace": lambda: os.rename(os.path.dirname(VAL), OUT + "/../eval-2"),
    "remove": lambda: os.unlink(VAL),
    "program": lambda: subprocess.run(["cat", VAL], check=True, capture_output=True),
    "symbolic link": lambda: link(os.symlink, "symbolic"),
    "hard link": lambda: link(os.link, "hard"),
    "root of the parent": lambda: open(f"/proc/{PARENT}/root{VAL}", "rb").read(9),
    "memory of the parent": lambda: open(f"/proc/{PARENT}/mem", "rb"),
    "output of the parent": lambda: open(f"/proc/{PARENT}/fd/1", "wb"),
    "other training text": lambda: open("${directory}/data/train.bin", "rb").read(9),
}

def load_model(path):
    with open(os.path.join(OUT, "roads.txt"), "w") as roads:
        for name, go in ROADS.items():
            try: go(); print(name, file=roads)
            except Exception: pass
    return lambda windows: np.zeros((64, 256))
`)
      expect(valBpb(run('evaluate.py', {}, source).stdout)).toEqual([8])
      expect(read('out', 'roads.txt').toString()).toBe('other training text\n')
    })

    test('does not evaluate where it cannot lock the answers away, unless told to trust the model', () => {
      // A seccomp filter that answers "no such system call" to landlock_create_ruleset.
      const source = withTrainPy(modelSource(UNIFORM))
      const evaluate = path.join(source, 'evaluate.py')
      writeFileSync(
        path.join(source, 'old-kernel.py'),
        `
import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x00050000 | 38), (0x06, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
program = struct.pack("@HP", len(steps), ctypes.addressof(code))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
os.execv(sys.executable, [sys.executable, "${evaluate}"])`,
      )
      const locked = run('old-kernel.py', {}, source)
      expect(locked.stderr).toContain('model| Landlock (Linux 5.13 or newer) does not work here')
      expect(valBpb(locked.stdout)).toEqual([])
      expect(valBpb(run('old-kernel.py', { NANOGPT_UNLOCKED: '1' }, source).stdout)).toEqual([8])
    })
  })
})
