// Trains versions of nanoGPT on the processor, one after the other, each in a copy of the clone.
import { spawn } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { CurvePoint } from '../../src/core/record/trial.ts'

/** What differs from the configuration file: a model that trains in about a second on one core. */
export const ARGUMENTS = [
  'config/train_shakespeare_char.py',
  '--device=cpu',
  '--compile=False',
  '--eval_iters=8',
  '--eval_interval=40',
  '--log_interval=40',
  '--block_size=32',
  '--batch_size=8',
  '--n_layer=1',
  '--n_head=4',
  '--n_embd=32',
  '--max_iters=120',
  '--lr_decay_iters=120',
  '--dropout=0.0',
  '--always_save_checkpoint=False',
]

interface Trained {
  /** Absent when training failed or did not print a finite number. */
  value?: number
  /** Exit code 0: without a value, no metric was printed. */
  succeeded: boolean
  curve: CurvePoint[]
  /** Of the processor, which other work on the machine does not change. */
  seconds: number
}

export interface Training {
  run(files: ReadonlyMap<string, string>, seed: number): Promise<Trained>
  end(): Promise<void>
}

const VALUE = /^step (\d+): train loss \S+, val loss (\S+)$/gm
/** Matrix libraries count cores by themselves; more threads than one make small models slower. */
const THREADS = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' }

/** @param clone of nanoGPT, with its data prepared */
export async function startTraining(clone: string, python: string): Promise<Training> {
  const folder = await mkdtemp(join(tmpdir(), 'nanogpt-'))
  await cp(clone, folder, { recursive: true })
  const child = spawn(python, [join(import.meta.dirname, 'runner.py')], {
    env: { ...process.env, ...THREADS },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async run(files, seed) {
      for (const [path, text] of files) await writeFile(join(folder, path), text)
      child.stdin.write(`${JSON.stringify({ folder, arguments: ARGUMENTS, seed })}\n`)
      const { value: line, done } = await answers.next()
      if (done) throw new Error('the runner of nanoGPT ended: see its message above')
      return read(JSON.parse(line) as Answer)
    },
    async end() {
      child.stdin.end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Answer {
  code: number
  output: string
  seconds: number
}

function read({ code, output, seconds }: Answer): Trained {
  const curve = [...output.matchAll(VALUE)].map(([, step, value]) => ({
    step: Number(step),
    value: Number(value),
  }))
  const value = curve.at(-1)?.value
  const succeeded = code === 0
  const isMeasured = succeeded && value !== undefined && Number.isFinite(value)
  return {
    ...(isMeasured && { value }),
    succeeded,
    curve: curve.filter(({ value }) => Number.isFinite(value)),
    seconds,
  }
}
