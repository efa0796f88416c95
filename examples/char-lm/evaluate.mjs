// The judge, which nobody edits: asks the trained model for the next character, and prints val_bpb.
//
//     node evaluate.mjs        after train.mjs
//
// It never imports train.mjs. The agent's code runs in a child, serve.mjs, which gets contexts and gives logits. The
// answers stay here, and so do the softmax, the metric and the output.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { loadEvaluationData, readModel } from './prepare.mjs'

const TARGETS = 8192 // characters to predict in one evaluation, spread over the validation text
const STREAMS = 256 // contexts in one question, each from a piece of the text of its own
const MAX_CONTEXT = 64 // every target has this many characters before it, whatever the model's context
const LIMIT_SECONDS = Number(process.env.CHAR_LM_EVALUATION_SECONDS ?? 10) // for all answers together
const LAST_WORDS = 4000 // characters of what the model printed that are repeated when it is refused

async function main() {
  const { val, vocabSize } = loadEvaluationData() // read before any of the agent's code runs
  const model = startModel()
  try {
    const [context] = new Uint32Array(await model.ask(readModel(), 4))
    if (context < 1 || context > MAX_CONTEXT)
      throw new Error(`refused: its context is ${context}, and has to be 1 to ${MAX_CONTEXT}`)
    let bits = 0
    for (const places of rounds(val.length)) {
      const contexts = Buffer.concat(places.map((place) => val.subarray(place - context, place)))
      const logits = new Float32Array(await model.ask(contexts, STREAMS * vocabSize * 4))
      if (!logits.every(Number.isFinite)) throw new Error('refused: its logits are not finite')
      places.forEach((place, row) => {
        bits += surprise(logits.subarray(row * vocabSize, (row + 1) * vocabSize), val[place])
      })
    }
    console.log(`val_bpb: ${(bits / TARGETS).toFixed(6)}`)
  } catch (error) {
    // Our reason comes last: that is the line people are shown first.
    console.error([...model.lastWords(), error.message].join('\n'))
    process.exitCode = 1
  } finally {
    model.end()
  }
}

/**
 * Where the targets stand, STREAMS at a time. Each stream walks forward through a piece of its own, and no context
 * reaches into the piece before. So a character is shown only after the model has answered for it: no context, of this
 * round or an earlier one, holds an answer that is still to be given. There is nothing to peek at.
 */
function* rounds(length) {
  const piece = Math.floor(length / STREAMS)
  const count = TARGETS / STREAMS
  if (piece < MAX_CONTEXT + count) throw new Error(`${length} characters are too few to validate on`)
  for (let round = 0; round < count; round++) {
    const place = MAX_CONTEXT + Math.floor((round * (piece - MAX_CONTEXT)) / count)
    yield Array.from({ length: STREAMS }, (_, stream) => stream * piece + place)
  }
}

/** -log2 softmax(logits)[target] */
function surprise(logits, target) {
  const max = Math.max(...logits)
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0)
  return Math.log2(total) - (logits[target] - max) * Math.LOG2E
}

// -----------------------------------------------------------------------------------------------------------
// The model, in a process of its own

/** Node's permission model: the child reads its own source and nothing else, writes nothing and starts nothing. */
const FLAGS = process.allowedNodeEnvironmentFlags // which depend on the version of Node
const PERMISSIONS = [
  FLAGS.has('--permission') ? '--permission' : '--experimental-permission',
  ...(FLAGS.has('--experimental-sqlite') ? ['--no-experimental-sqlite'] : []), // it opens files unasked
  ...['serve.mjs', 'train.mjs', 'prepare.mjs'].map((name) => `--allow-fs-read=${beside(name)}`),
]

function startModel() {
  const child = spawn(process.execPath, ['--no-warnings', ...PERMISSIONS, beside('serve.mjs')], {
    env: {},
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  })
  const [questions, stdout, stderr, answers] = child.stdio
  questions.on('error', () => {}) // it ended while it was asked, which `failure` tells
  let words = ''
  for (const stream of [stdout, stderr]) {
    stream.setEncoding('latin1').on('data', (more) => {
      words = (words + more).slice(-LAST_WORDS)
    })
  }
  const failure = new Promise((_, reject) => {
    child.once('error', reject)
    child.once('close', () => reject(new Error('refused: it ended before it had answered')))
    const late = () => reject(new Error(`refused: it did not answer within ${LIMIT_SECONDS} s`))
    setTimeout(late, LIMIT_SECONDS * 1000).unref()
  })
  failure.catch(() => {}) // nobody may be waiting for an answer just then

  const chunks = answers[Symbol.asyncIterator]()
  let received = Buffer.alloc(0)
  async function take(size) {
    while (received.length < size) {
      const { value, done } = await chunks.next()
      if (done) return failure
      received = Buffer.concat([received, value])
    }
    const bytes = Uint8Array.from(received.subarray(0, size))
    received = received.subarray(size)
    return bytes.buffer
  }

  return {
    /** Sends a message, and returns the answer, which must have `size` bytes. */
    async ask(bytes, size) {
      questions.write(Buffer.from(Uint32Array.of(bytes.length).buffer))
      questions.write(bytes)
      const [answered] = new Uint32Array(await Promise.race([take(4), failure]))
      if (answered !== size) throw new Error(`refused: its answer has ${answered} bytes, not ${size}`)
      return Promise.race([take(size), failure])
    },
    /** What the model printed, quoted line by line, so none of it can pass for a metric. */
    lastWords: () =>
      words
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => `  model| ${line.replace(/[^ -~]/g, '?')}`),
    end: () => child.kill('SIGKILL'),
  }
}

function beside(name) {
  return fileURLToPath(new URL(name, import.meta.url))
}

await main()
