// The model's side of the evaluation, which nobody edits: runs the model of train.mjs for evaluate.mjs.
//
// It says how long a context is, as a Uint32. Then contexts come in on standard input, CONTEXT bytes each and 256 in one
// question, and the logits for each go out on standard output, as Float32. It ends when there are no more questions.
//
// What train.mjs does in here is its own affair: evaluate.mjs believes nothing but finite logits of the right size.

import { readSync, writeSync } from 'node:fs'
import { readModel } from './prepare.mjs'

const STREAMS = 256
const [IN, OUT] = [0, 1]
console.log = console.error // what the model prints, even when it is imported, is no answer
const { CONTEXT, loadModel } = await import('./train.mjs')

const predict = loadModel(readModel())
send(Uint32Array.of(CONTEXT))
for (let contexts = receive(); contexts; contexts = receive())
  send(Float32Array.from(predict(contexts, STREAMS)))

function receive() {
  const bytes = new Uint8Array(STREAMS * CONTEXT)
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(IN, bytes, { offset: done })
    if (count === 0) return undefined
    done += count
  }
  return bytes
}

function send({ buffer }) {
  const bytes = new Uint8Array(buffer)
  for (let done = 0; done < bytes.length; ) done += writeSync(OUT, bytes, done)
}
