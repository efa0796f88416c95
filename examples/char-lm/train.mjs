// The one file the agent edits: the model, how it learns, and every number in between.
//
//     node train.mjs          trains for the budget and saves the model; evaluate.mjs measures it

import { deserialize, serialize } from 'node:v8'
import { budget, loadData, saveModel } from './prepare.mjs'

export const CONTEXT = 3 // characters the model looks back
const EMBEDDING = 16 // numbers that stand for one character
const HIDDEN = 32 // hidden units
const INIT_SCALE = 0.1 // standard deviation of the initial weights
const BATCH = 32 // examples in one step
const LEARNING_RATE = 0.001 // of AdamW
const BETA1 = 0.9 // memory of the gradient's mean
const BETA2 = 0.99 // memory of its square
const WEIGHT_DECAY = 0.01 // decoupled: shrinks the weights by this times the rate

// -----------------------------------------------------------------------------------------------------------
// The model: embed the last CONTEXT characters, one hidden layer, a score for every possible next character

export function createModel({ vocabSize }, random) {
  return {
    embedding: parameter(vocabSize * EMBEDDING, INIT_SCALE, random),
    hidden: layer(CONTEXT * EMBEDDING, HIDDEN, random),
    output: layer(HIDDEN, vocabSize, random),
  }
}

function layer(inputs, outputs, random) {
  const weight = parameter(inputs * outputs, INIT_SCALE, random)
  const bias = parameter(outputs, 0, random)
  return { inputs, outputs, weight, bias }
}

function parameter(size, scale, random) {
  const value = Float32Array.from({ length: size }, () => scale * normal(random))
  const moments = { mean: new Float32Array(size), square: new Float32Array(size), steps: 0 }
  return { value, grad: new Float32Array(size), ...moments }
}

/** What training moves. A layer that is not listed here stays as it was born. */
export function parametersOf({ embedding, hidden, output }) {
  return [embedding, hidden.weight, hidden.bias, output.weight, output.bias]
}

/** contexts [count, CONTEXT] to logits [count, vocabSize], along with what `backward` needs to know */
export function forward(model, contexts, count) {
  const inputs = lookUp(model.embedding, contexts)
  const hidden = activate(linear(model.hidden, inputs, count))
  const logits = linear(model.output, hidden, count)
  return { inputs, hidden, logits }
}

/** Adds to every parameter's grad, given the gradient of the logits. */
export function backward(model, contexts, count, { inputs, hidden }, logitsGrad) {
  const hiddenGrad = linearBackward(model.output, hidden, logitsGrad, count)
  activateBackward(hidden, hiddenGrad)
  const inputsGrad = linearBackward(model.hidden, inputs, hiddenGrad, count)
  lookUpBackward(model.embedding, contexts, inputsGrad)
}

// -----------------------------------------------------------------------------------------------------------
// Its parts, each followed by its backward pass

/** contexts [count, CONTEXT] to their embeddings [count, CONTEXT * EMBEDDING] */
function lookUp({ value }, contexts) {
  const out = new Float32Array(contexts.length * EMBEDDING)
  for (let i = 0; i < contexts.length; i++) {
    const from = contexts[i] * EMBEDDING
    for (let k = 0; k < EMBEDDING; k++) out[i * EMBEDDING + k] = value[from + k]
  }
  return out
}

function lookUpBackward({ grad }, contexts, outGrad) {
  for (let i = 0; i < contexts.length; i++) {
    const from = contexts[i] * EMBEDDING
    for (let k = 0; k < EMBEDDING; k++) grad[from + k] += outGrad[i * EMBEDDING + k]
  }
}

/** x [count, inputs] to x · weight + bias [count, outputs] */
function linear({ inputs, outputs, weight, bias }, x, count) {
  const w = weight.value
  const out = new Float32Array(count * outputs)
  for (let row = 0; row < count; row++) {
    const o = row * outputs
    out.set(bias.value, o)
    for (let i = 0; i < inputs; i++) {
      const xi = x[row * inputs + i]
      const wi = i * outputs
      for (let j = 0; j < outputs; j++) out[o + j] += xi * w[wi + j]
    }
  }
  return out
}

/** weight.grad += xᵀ · outGrad, bias.grad += Σ outGrad; returns outGrad · weightᵀ [count, inputs] */
function linearBackward({ inputs, outputs, weight, bias }, x, outGrad, count) {
  const w = weight.value
  const wGrad = weight.grad
  const xGrad = new Float32Array(count * inputs)
  for (let row = 0; row < count; row++) {
    const o = row * outputs
    for (let j = 0; j < outputs; j++) bias.grad[j] += outGrad[o + j]
    for (let i = 0; i < inputs; i++) {
      const xi = x[row * inputs + i]
      const wi = i * outputs
      let sum = 0
      for (let j = 0; j < outputs; j++) {
        wGrad[wi + j] += xi * outGrad[o + j]
        sum += w[wi + j] * outGrad[o + j]
      }
      xGrad[row * inputs + i] = sum
    }
  }
  return xGrad
}

function activate(x) {
  for (let i = 0; i < x.length; i++) x[i] = Math.tanh(x[i])
  return x
}

/** tanh' = 1 - tanh² */
function activateBackward(y, grad) {
  for (let i = 0; i < y.length; i++) grad[i] *= 1 - y[i] * y[i]
}

/** The mean loss in nats, and its gradient: (softmax - one hot) / count [count, vocabSize] */
export function crossEntropy(logits, targets) {
  const vocabSize = logits.length / targets.length
  const grad = new Float32Array(logits.length)
  let loss = 0
  targets.forEach((target, row) => {
    const o = row * vocabSize
    let max = logits[o]
    for (let j = o; j < o + vocabSize; j++) max = Math.max(max, logits[j])
    let total = 0
    for (let j = o; j < o + vocabSize; j++) total += grad[j] = Math.exp(logits[j] - max)
    for (let j = o; j < o + vocabSize; j++) grad[j] /= total * targets.length
    grad[o + target] -= 1 / targets.length
    loss += (Math.log(total) + max - logits[o + target]) / targets.length
  })
  return { loss, grad }
}

// -----------------------------------------------------------------------------------------------------------
// Learning

function train(model, text, random) {
  let step = 0
  let reports = 0
  let recent = []
  for (let progress = 0; progress < 1; progress = budget.progress(step)) {
    recent.push(trainStep(model, text, random, learningRate(progress)))
    step++
    if (progress < (reports + 1) / 20) continue // about twenty lines in a run
    reports++
    console.log(`step ${step}  loss ${(mean(recent) * Math.LOG2E).toFixed(4)}`) // in bits, like val_bpb
    recent = []
  }
  return step
}

/** @param {number} _progress how much of the budget is used, 0 to 1 */
function learningRate(_progress) {
  return LEARNING_RATE
}

function trainStep(model, text, random, rate) {
  const { contexts, targets } = sampleBatch(text, random)
  const activations = forward(model, contexts, BATCH)
  const { loss, grad } = crossEntropy(activations.logits, targets)
  backward(model, contexts, BATCH, activations, grad)
  for (const parameter of parametersOf(model)) update(parameter, rate)
  return loss
}

/** Random places in the text: the CONTEXT characters before each one, and the one to predict. */
export function sampleBatch(text, random) {
  const contexts = new Uint8Array(BATCH * CONTEXT)
  const targets = new Uint8Array(BATCH)
  for (let row = 0; row < BATCH; row++) {
    const place = CONTEXT + Math.floor(random() * (text.length - CONTEXT))
    contexts.set(text.subarray(place - CONTEXT, place), row * CONTEXT)
    targets[row] = text[place]
  }
  return { contexts, targets }
}

/** One step of AdamW down the gradient, which is then forgotten. */
function update(parameter, rate) {
  const { value, grad, mean, square } = parameter
  parameter.steps++
  const meanScale = 1 / (1 - BETA1 ** parameter.steps)
  const squareScale = 1 / (1 - BETA2 ** parameter.steps)
  for (let i = 0; i < value.length; i++) {
    mean[i] = BETA1 * mean[i] + (1 - BETA1) * grad[i]
    square[i] = BETA2 * square[i] + (1 - BETA2) * grad[i] * grad[i]
    const step = (mean[i] * meanScale) / (Math.sqrt(square[i] * squareScale) + 1e-8)
    value[i] -= rate * (step + WEIGHT_DECAY * value[i])
  }
  grad.fill(0)
}

// -----------------------------------------------------------------------------------------------------------
// Chance: all of it comes from AUTORESEARCH_SEED

/** mulberry32: uniform in [0, 1) */
export function createRandom(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Box-Muller: mean 0, standard deviation 1 */
function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

function mean(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}

// -----------------------------------------------------------------------------------------------------------
// The run

/** The model that `main` saved, as evaluate.mjs asks it: contexts [count, CONTEXT] to logits [count, vocabSize] */
export function loadModel(bytes) {
  const model = deserialize(bytes)
  return (contexts, count) => forward(model, contexts, count).logits
}

function main() {
  const data = loadData()
  const random = createRandom(Number(process.env.AUTORESEARCH_SEED ?? 0))
  const model = createModel(data, random)
  const numSteps = train(model, data.train, random)
  const trainingSeconds = budget.seconds()
  saveModel(serialize(model))
  const numParams = parametersOf(model).reduce((sum, { value }) => sum + value.length, 0)

  console.log('---')
  console.log(`training_seconds: ${trainingSeconds.toFixed(1)}`)
  console.log(`total_seconds:    ${(performance.now() / 1000).toFixed(1)}`)
  console.log(`num_steps:        ${numSteps}`)
  console.log(`num_params:       ${numParams}`)
}

if (process.argv[1]?.endsWith('train.mjs')) main()
