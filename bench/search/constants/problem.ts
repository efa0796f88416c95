// Made-up training scripts with constants, and what each version of them is worth. The unit of loss is σ, the noise of a run.
import { type FoundKnob, findKnobs } from '../../../src/core/propose/knobs/knobs.ts'
import { gaussian } from '../../../test/factories.ts'

/** Constants as people write them; each problem keeps a random part of them. */
const SCRIPT = `learning_rate = 6e-4
weight_decay = 1e-1
beta1 = 0.9
beta2 = 0.95
grad_clip = 1.0
warmup_iters = 200
batch_size = 64
n_layer = 6
n_embd = 384
dropout = 0.1
init_std = 0.02
eps = 1e-8
min_lr = 6e-5
label_smoothing = 0.0
softcap = 15.0
rope_base = 10000
mlp_ratio = 4
window = 128
momentum = 0.95
ema_decay = 0.99
embed_lr = 0.3
head_lr = 0.004
cooldown_frac = 0.4
use_bias = True
tie_weights = False
qk_scale = 0.12
decay_iters = 5000
block_size = 256
`.split('\n')

/** How loss depends on the constants. None of them is the model of the search, except that bowls come close. */
export const SHAPES = ['bowls', 'kinks', 'valleys', 'cliffs', 'few'] as const
export type Shape = (typeof SHAPES)[number]

const KEPT_SHARE = 0.8
const DEAD_SHARE = 0.3
/** What a doubling away from the optimum costs in σ: the median, and the sd of its logarithm. */
const COST = { median: 1, logarithm: 1.2 }
const MAX_COST = 20

export interface Problem {
  text: string
  /** The true loss of a version of the script, 0 at the start; undefined when it crashes. */
  lossOf(text: string): number | undefined
}

interface Truth {
  value: number
  optimum: number
  /** 0 for a constant without effect. */
  cost: number
  /** A value further than this, in doublings, crashes. */
  edge: number
  skew: number
}

export function drawProblem(shape: Shape, random: () => number): Problem {
  const text = `${SCRIPT.filter(() => random() < KEPT_SHARE).join('\n')}\n`
  const truths = new Map(
    findKnobs('train.py', text).map((knob) => [knob.name, drawTruth(knob, shape, random)]),
  )
  const lossAt = (written: string): number | undefined => {
    const moved = findKnobs('train.py', written).map((knob) => {
      const truth = truths.get(knob.name) ?? { value: 0, optimum: 0, cost: 0, edge: 99, skew: 1 }
      return { ...truth, move: placeOf(knob) - truth.value }
    })
    if (shape === 'cliffs' && moved.some(({ cost, move, edge }) => cost > 0 && move > edge)) return undefined
    if (shape === 'valleys') return valleys(moved)
    return moved.reduce((sum, { move, ...truth }) => sum + truth.cost * distance(shape, truth, move), 0)
  }
  const start = lossAt(text) ?? 0
  return {
    text,
    lossOf: (written) => {
      const loss = lossAt(written)
      return loss === undefined ? undefined : loss - start
    },
  }
}

function drawTruth(knob: FoundKnob, shape: Shape, random: () => number): Truth {
  const dead = random() < (shape === 'few' ? 0.8 : DEAD_SHARE)
  const drawn = COST.median * Math.exp(COST.logarithm * gaussian(random))
  const cost = dead ? 0 : Math.min(MAX_COST, shape === 'few' ? 3 * drawn : drawn)
  const optimum = gaussian(random)
  const edge = Math.max(0.2, optimum + 0.3 + random())
  return { value: placeOf(knob), optimum, cost, edge, skew: Math.exp(0.5 * gaussian(random)) }
}

/** The bench's own scale; it does not use that of the search. */
function placeOf({ value, kind }: FoundKnob): number {
  if (kind === 'switch') return value
  if (value >= 0.9 && value < 1) return -Math.log2(1 - value)
  return Math.log2(Math.max(value, 0.02 * Number(value < 1e-7)) || 0.02)
}

function distance(shape: Shape, { optimum, skew }: Truth, move: number): number {
  const off = move - optimum
  if (shape !== 'kinks') return off ** 2
  return 3 * (1 - Math.exp(-Math.abs(off) * (off > 0 ? skew : 1 / skew)))
}

/** Neighbours interact: what counts is mostly the sum of two moves, as with learning rate and batch size. */
function valleys(moved: readonly (Truth & { move: number })[]): number {
  let loss = 0
  for (let at = 0; at < moved.length; at += 2) {
    const [a, b] = [moved[at], moved[at + 1]]
    const [x, y] = [a, b].map((one) => (one ? one.move - one.optimum : 0)) as [number, number]
    const [cost = 0, other = 0] = [a?.cost, b?.cost]
    loss += (cost * (x + y) ** 2 + other * (x - y) ** 2) / 2
  }
  return loss
}
