// The judge, which nobody edits: asks the trained model for the next character, and prints val_bpb.
//
// It never imports train.mjs. The agent's code runs elsewhere, in serve.mjs, which gets contexts and gives logits. The answers
// stay here, and so do the softmax, the metric and the output. Questions go into the pipe that $AUTORESEARCH_ASK names, and
// what the model says comes on standard input.

import { openSync, readSync, writeSync } from 'node:fs'
import { loadEvaluationData } from './prepare.mjs'

const TARGETS = 8192 // characters to predict in one evaluation, spread over the validation text
const STREAMS = 256 // contexts in one question, each from a piece of the text of its own
const MAX_CONTEXT = 64 // every target has this many characters before it, whatever the model's context
const LIMIT_SECONDS = Number(process.env.CHAR_LM_EVALUATION_SECONDS ?? 10) // for all answers together
const UNUSABLE = 65 // the exit code that blames the model

const ASK = openSync(process.env.AUTORESEARCH_ASK, 'w')
const ANSWERS = 0

function main() {
  const { val, vocabSize } = loadEvaluationData()
  const [context] = new Uint32Array(take(4)) // the model says first how far it looks back
  if (context < 1 || context > MAX_CONTEXT)
    refuse(`its context is ${context}, and has to be 1 to ${MAX_CONTEXT}`)
  const start = performance.now()
  let bits = 0
  for (const places of rounds(val.length)) {
    write(Buffer.concat(places.map((place) => val.subarray(place - context, place))))
    const logits = new Float32Array(take(STREAMS * vocabSize * 4))
    if (!logits.every(Number.isFinite)) refuse('its logits are not finite')
    if (performance.now() - start > LIMIT_SECONDS * 1000) refuse(`it took more than ${LIMIT_SECONDS} s`)
    places.forEach((place, row) => {
      bits += surprise(logits.subarray(row * vocabSize, (row + 1) * vocabSize), val[place])
    })
  }
  console.log(`val_bpb: ${(bits / TARGETS).toFixed(6)}`)
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
// The pipes to the model

function write(bytes) {
  for (let done = 0; done < bytes.length; ) done += writeSync(ASK, bytes, done)
}

/** The next `size` bytes that the model says. */
function take(size) {
  const bytes = new Uint8Array(size)
  for (let done = 0; done < size; ) {
    const count = readSync(ANSWERS, bytes, { offset: done })
    if (count === 0) refuse('it ended before it had answered')
    done += count
  }
  return bytes.buffer
}

function refuse(reason) {
  console.error(`refused: ${reason}`)
  process.exit(UNUSABLE)
}

main()
