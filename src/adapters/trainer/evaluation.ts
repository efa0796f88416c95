// Evaluates what training left. With `serve`, the model and its evaluator run in two sandboxes: other processes, another
// network, other files. They share one pipe in each direction, which passes through here, and nothing else.
import { createHash } from 'node:crypto'
import { constants, openSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import type { Trial } from '../../core/record/trial.ts'
import type { EvaluationEnd } from '../../core/trial/evaluation.ts'
import { readBoundedFile } from './bounded-file.ts'
import { outOf, type RunContext } from './context.ts'
import { type Ran, requestFor, runCommand } from './run-command.ts'
import { makeCopies } from './run-places.ts'
import { Turns } from './turns.ts'

/** Minimum timeout of an evaluation; a longer timeout of training applies to it too. */
const MIN_EVALUATION_SECONDS = 60
/** The model gets this much longer, so that the evaluator's timeout decides. */
const MODEL_EXTRA_SECONDS = 60
/** Time for a model to end after it has closed its output. */
const LAST_MILLISECONDS = 1000

/** Larger and further files do not decide the evaluator's seed: reading them would take too long. */
const MAX_HASHED_BYTES = 4 * 1024 * 1024
const MAX_HASHED_FILES = 100

export interface Evaluation extends Pick<Ran, 'reader' | 'leaked' | 'wallSeconds'> {
  end: EvaluationEnd
}

/** Evaluates in new copies, without the compiler caches: nothing that training wrote is there except `out`. */
export async function evaluate(
  context: RunContext,
  trial: Trial,
  signal: AbortSignal,
  command: string,
): Promise<Evaluation> {
  const { progress: _, ...config } = context.config
  const quiet = { ...context, config }
  const { serve } = config
  if (serve !== undefined) return evaluateApart(quiet, trial, signal, { evaluate: command, serve })
  const { data, evaluationData } = context.prepared
  const copies = await makeCopies(context, join(context.scratch, 'evaluation'))
  const { exit, ...ran } = await runCommand(quiet, trial, signal, {
    command,
    places: { ...copies, out: outOf(context), data, evaluationData, shim: context.options.shimDirectory },
    outWritable: false,
    timeoutSeconds: timeoutOf(context),
  })
  return { ...ran, end: { evaluator: exit } }
}

function timeoutOf({ config }: RunContext): number {
  return Math.max(MIN_EVALUATION_SECONDS, config.timeoutSeconds)
}

async function evaluateApart(
  context: RunContext,
  trial: Trial,
  signal: AbortSignal,
  commands: { evaluate: string; serve: string },
): Promise<Evaluation> {
  const folder = join(context.scratch, 'evaluation')
  const ask = join(folder, 'ask')
  const judging = await evaluatorPlaces(context, join(folder, 'evaluator'))
  const serving = await modelPlaces(context, join(folder, 'model'))
  await execa('mkfifo', ['-m', '600', ask])
  const questions = openToRead(ask)
  const turns = new Turns(context.options.clock)
  const answers = new PassThrough()
  const over = new AbortController()
  // Nobody listens to what the model prints elsewhere, and its sandbox ends with the evaluator.
  const model = context.sandbox.run({
    ...(await requestFor(context, trial, {
      command: commands.serve,
      places: serving,
      outWritable: false,
      timeoutSeconds: timeoutOf(context) + MODEL_EXTRA_SECONDS,
      input: questions.pipe(turns.questions),
      output: turns.answers,
    })),
    onOutput: () => {},
    signal: AbortSignal.any([signal, over.signal]),
  })
  turns.answers.pipe(answers)
  // Without a model there are no answers.
  model.catch(() => turns.answers.end())
  try {
    const { exit, ...ran } = await runCommand(context, trial, AbortSignal.any([signal, turns.left]), {
      command: commands.evaluate,
      places: { ...judging, ask },
      outWritable: false,
      timeoutSeconds: timeoutOf(context),
      accelerators: false,
      seed: await seedOfEvaluator(trial.seed, context.prepared.evaluationData),
      input: answers,
    })
    const { isSlow } = turns
    const left = turns.left.aborted
    turns.end()
    // How it ended is told; it may also have closed its output and go on.
    if (left) await Promise.race([model, delay(LAST_MILLISECONDS)])
    over.abort()
    const modelExit = await model
    return { ...ran, end: { evaluator: exit, model: { isSlow, ...(left && { left: modelExit }) } } }
  } finally {
    turns.end()
    over.abort()
    questions.destroy()
    await model
  }
}

/**
 * The seed of a separate evaluator. It follows from the seed of the trial and from data that the model never sees: a model that
 * knew it could foresee which questions are drawn, and in which order.
 */
async function seedOfEvaluator(seed: number, data: string): Promise<number> {
  const hash = createHash('sha256').update(String(seed))
  const entries = await readdir(data, { recursive: true, withFileTypes: true })
  const paths = entries
    .flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []))
    .sort()
  for (const path of paths.slice(0, MAX_HASHED_FILES))
    hash.update((await readBoundedFile(path, MAX_HASHED_BYTES)) ?? '')
  return hash.digest().readUInt32BE() >>> 1
}

/** The candidate's tree and what it trained. */
async function modelPlaces(context: RunContext, folder: string) {
  const { options, prepared } = context
  const copies = await makeCopies(context, folder)
  return { ...copies, out: outOf(context), data: prepared.data, shim: options.shimDirectory }
}

/** The evaluation data and the files that no candidate may change: not even an earlier candidate's code, and no checkpoint. */
async function evaluatorPlaces(context: RunContext, folder: string) {
  const { base, config, options, prepared } = context
  const sealed = await options.repository.fixedTree(base, config.editable)
  const copies = await makeCopies({ ...context, sealed }, folder)
  const out = join(folder, 'out')
  await mkdir(out)
  const { data, evaluationData } = prepared
  return { ...copies, out, data, evaluationData, shim: options.shimDirectory }
}

/** The reading end of a named pipe. It ends when every process that opened the other end has closed it. */
function openToRead(path: string): Socket {
  // Without O_NONBLOCK this waits for the first writer.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return new Socket({ fd, readable: true, writable: false })
}
