// What the demo's loopback model says: proposals written by hand, played in this order. No model is called, and what
// each is worth is measured, not written here. One of them has an honest bug.
import type { ScriptedConversation } from '../test/model/script.ts'

interface Idea {
  title: string
  hypothesis: string
  category: string
  expectedEffect: string
  edits: { search: string; replace: string }[]
}

const FILE = 'train.mjs'

const IDEAS: Idea[] = [
  {
    title: 'Start four times faster and decay to zero',
    hypothesis:
      'A constant rate is too timid at the start and too noisy at the end; a rate that falls linearly to zero with the clock can be bold first and settle later.',
    category: 'schedule',
    expectedEffect: 'a few percent lower',
    edits: [
      {
        search: `/** @param {number} _progress how much of the budget is used, 0 to 1 */
function learningRate(_progress) {
  return LEARNING_RATE
}`,
        replace: `const PEAK = 4 // the first rate, as a multiple of LEARNING_RATE

/** @param {number} progress how much of the budget is used, 0 to 1 */
function learningRate(progress) {
  return PEAK * LEARNING_RATE * Math.max(0, 1 - progress)
}`,
      },
    ],
  },
  {
    title: 'Double the batch halfway',
    hypothesis:
      'Late in training the gradient is mostly noise; a batch twice as large averages it out when it matters.',
    category: 'data',
    expectedEffect: 'about one percent lower',
    edits: [
      {
        search: '    recent.push(trainStep(model, text, random, learningRate(progress)))',
        replace:
          '    recent.push(trainStep(model, text, random, learningRate(progress), progress < 0.5 ? BATCH : 2 * BATCH))',
      },
      {
        search: `function trainStep(model, text, random, rate) {
  const { contexts, targets } = sampleBatch(text, random)`,
        replace: `function trainStep(model, text, random, rate, batch) {
  const { contexts, targets } = sampleBatch(text, random, batch)`,
      },
      {
        search: '  backward(model, contexts, BATCH, activations, grad)',
        replace: '  backward(model, contexts, batch, activations, grad)',
      },
      {
        search: 'export function sampleBatch(text, random) {',
        replace: 'export function sampleBatch(text, random, batch) {',
      },
      {
        search: '  for (let row = 0; row < BATCH; row++) {',
        replace: '  for (let row = 0; row < batch; row++) {',
      },
    ],
  },
  {
    title: 'Add a table of trigram counts to the logits',
    hypothesis:
      'Counting every pair of characters and what follows it takes a few milliseconds and already predicts well; the network then only has to learn what the counts get wrong.',
    category: 'architecture',
    expectedEffect: 'more than ten percent lower',
    edits: [
      {
        search: `export function createModel({ vocabSize }, random) {
  return {`,
        replace: `export function createModel({ train, vocabSize }, random) {
  return {
    prior: trigramPrior(train, vocabSize),`,
      },
      {
        search: '  const logits = linear(model.output, hidden, count)',
        replace: '  const logits = addPrior(model.prior, contexts, linear(model.output, hidden, count))',
      },
      {
        search: '/** contexts [count, CONTEXT] to their embeddings [count, CONTEXT * EMBEDDING] */',
        replace: `const SMOOTHING = 5 // pseudo-counts that each table takes from the next shorter one

/** log p(next | the last two characters) [vocabSize, vocabSize, vocabSize], counted and smoothed */
function trigramPrior(text, vocabSize) {
  let prior = new Float32Array(vocabSize).fill(1 / vocabSize)
  for (let length = 1; length <= 3; length++) {
    const counts = new Float32Array(vocabSize ** length)
    let place = 0
    for (let i = 0; i < text.length; i++) {
      place = (place * vocabSize + text[i]) % counts.length
      if (i + 1 >= length) counts[place]++
    }
    prior = smooth(counts, prior, vocabSize)
  }
  return prior.map(Math.log)
}

/** Rows of counts to rows of probabilities, each leaning on the row of the shorter context. */
function smooth(counts, shorter, vocabSize) {
  const out = new Float32Array(counts.length)
  for (let row = 0; row < counts.length; row += vocabSize) {
    let total = SMOOTHING
    for (let j = row; j < row + vocabSize; j++) total += counts[j]
    for (let j = row; j < row + vocabSize; j++) {
      out[j] = (counts[j] + SMOOTHING * shorter[j % shorter.length]) / total
    }
  }
  return out
}

function addPrior(prior, contexts, logits) {
  const vocabSize = Math.round(Math.cbrt(prior.length))
  for (let i = 0; i < logits.length; i++) {
    const last = (Math.floor(i / vocabSize) + 1) * CONTEXT - 1
    logits[i] += prior[(contexts[last - 1] * vocabSize + contexts[last]) * vocabSize + (i % vocabSize)]
  }
  return logits
}

/** contexts [count, CONTEXT] to their embeddings [count, CONTEXT * EMBEDDING] */`,
      },
    ],
  },
  {
    title: 'Look back twelve characters',
    hypothesis: 'Three characters cannot see the beginning of most words; twelve can.',
    category: 'architecture',
    expectedEffect: 'a few percent lower',
    edits: [
      {
        search: 'const CONTEXT = 3 //',
        replace: 'const CONTEXT = 12 //',
      },
    ],
  },
  {
    title: 'Unroll the matrix products by four',
    hypothesis:
      'The inner loops write one number per multiplication; four rows of the weights at a time save three of four writes, and the budget is wall-clock, so faster steps are more steps.',
    category: 'systems',
    expectedEffect: 'one to four percent lower, by more steps',
    edits: [
      {
        search: `    for (let i = 0; i < inputs; i++) {
      const xi = x[row * inputs + i]
      const wi = i * outputs
      for (let j = 0; j < outputs; j++) out[o + j] += xi * w[wi + j]
    }`,
        replace: `    // four inputs at a time: inputs is a multiple of 4
    for (let i = 0; i < inputs; i += 4) {
      const at = row * inputs + i
      const x0 = x[at]
      const x1 = x[at + 1]
      const x2 = x[at + 2]
      const x3 = x[at + 3]
      const w0 = i * outputs
      const w1 = w0 + outputs
      const w2 = w1 + outputs
      const w3 = w2 + outputs
      for (let j = 0; j < outputs; j++) {
        out[o + j] += x0 * w[w0 + j] + x1 * w[w1 + j] + x2 * w[w2 + j] + x3 * w[w3 + j]
      }
    }`,
      },
      {
        search: `    for (let i = 0; i < inputs; i++) {
      const xi = x[row * inputs + i]
      const wi = i * outputs
      let sum = 0
      for (let j = 0; j < outputs; j++) {
        wGrad[wi + j] += xi * outGrad[o + j]
        sum += w[wi + j] * outGrad[o + j]
      }
      xGrad[row * inputs + i] = sum
    }`,
        replace: `    for (let i = 0; i < inputs; i += 4) {
      const at = row * inputs + i
      const x0 = x[at]
      const x1 = x[at + 1]
      const x2 = x[at + 2]
      const x3 = x[at + 3]
      const w0 = i * outputs
      const w1 = w0 + outputs
      const w2 = w1 + outputs
      const w3 = w2 + outputs
      let sum0 = 0
      let sum1 = 0
      let sum2 = 0
      let sum3 = 0
      for (let j = 0; j < outputs; j++) {
        const g = outGrad[o + j]
        wGrad[w0 + j] += x0 * g
        wGrad[w1 + j] += x1 * g
        wGrad[w2 + j] += x2 * g
        wGrad[w3 + j] += x3 * g
        sum0 += w[w0 + j] * g
        sum1 += w[w1 + j] * g
        sum2 += w[w2 + j] * g
        sum3 += w[w3 + j] * g
      }
      xGrad[at] = sum0
      xGrad[at + 1] = sum1
      xGrad[at + 2] = sum2
      xGrad[at + 3] = sum3
    }`,
      },
    ],
  },
  {
    title: 'Smooth the labels by a tenth',
    hypothesis:
      'Asking for 90 % on the right character instead of certainty keeps the model from overconfidence on text it has not seen.',
    category: 'regularisation',
    expectedEffect: 'about one percent lower',
    edits: [
      {
        search: '    grad[o + target] -= 1 / targets.length',
        replace: `    for (let j = o; j < o + vocabSize; j++) grad[j] -= LABEL_SMOOTHING / (vocabSize * targets.length)
    grad[o + target] -= (1 - LABEL_SMOOTHING) / targets.length`,
      },
      {
        search:
          '/** The mean loss in nats, and its gradient: (softmax - one hot) / count [count, vocabSize] */',
        replace: `const LABEL_SMOOTHING = 0.1 // share of the target that is spread over every character

/** The mean loss in nats, and the gradient towards smoothed targets [count, vocabSize] */`,
      },
    ],
  },
]

const LARGE_RATE: Idea = {
  title: 'Learn thirty times faster',
  hypothesis: 'So few steps of a small model are far from done; a much larger rate goes further in each.',
  category: 'hyperparameter',
  expectedEffect: 'a few percent lower',
  edits: [{ search: 'const LEARNING_RATE = 0.001 //', replace: 'const LEARNING_RATE = 0.03 //' }],
}

/** For `--ladder`: what holds at the larger scale, and what does not. */
export const ladderConversations: ScriptedConversation[] = conversationsOf([...IDEAS.slice(0, 1), LARGE_RATE])

export const conversations: ScriptedConversation[] = conversationsOf(IDEAS)

/** Each idea as a conversation: read the file, make the edits, submit. */
function conversationsOf(ideas: readonly Idea[]): ScriptedConversation[] {
  return ideas.map((idea) => ({
    label: idea.title,
    answers: [
      { toolCalls: [{ name: 'read_file', arguments: { path: FILE } }] },
      { toolCalls: idea.edits.map((edit) => ({ name: 'edit_file', arguments: { path: FILE, ...edit } })) },
      {
        toolCalls: [
          {
            name: 'submit',
            arguments: {
              title: idea.title,
              hypothesis: idea.hypothesis,
              category: idea.category,
              expected_effect: idea.expectedEffect,
            },
          },
        ],
      },
    ],
  }))
}
