// The model's side of the evaluation, which nobody edits: started by evaluate.mjs, it runs the model of train.mjs.
//
// Comes in on descriptor 0: the saved model, then batch after batch of contexts. Goes out on descriptor 3: how long
// a context is, then the logits for each batch. A message is its length in bytes, as a Uint32, and its bytes.
//
// What train.mjs does in here is its own affair: evaluate.mjs believes nothing but finite logits of the right size.

import { readSync, writeSync } from 'node:fs'
import { CONTEXT, loadModel } from './train.mjs'

const IN = 0
const OUT = 3

const predict = loadModel(receive())
send(Uint32Array.of(CONTEXT))
for (;;) {
  const contexts = receive()
  send(Float32Array.from(predict(contexts, contexts.length / CONTEXT)))
}

function receive() {
  const [size] = new Uint32Array(read(4).buffer)
  return read(size)
}

function read(size) {
  const bytes = new Uint8Array(size)
  for (let done = 0; done < size; ) {
    const count = readSync(IN, bytes, { offset: done })
    if (count === 0) process.exit() // evaluate.mjs is gone
    done += count
  }
  return bytes
}

function send({ buffer }) {
  write(new Uint8Array(Uint32Array.of(buffer.byteLength).buffer))
  write(new Uint8Array(buffer))
}

function write(bytes) {
  for (let done = 0; done < bytes.length; ) done += writeSync(OUT, bytes, done)
}
