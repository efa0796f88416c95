// How long the brief is, and how long proposing takes to begin, after 10, 1,000 and 100,000 experiments.
import { readFileSync } from 'node:fs'
import type { Change } from '../src/core/gate/gate.ts'
import { sketchOf } from '../src/core/gate/sketch.ts'
import { buildBrief } from '../src/core/propose/brief/brief.ts'
import { chooseTurn } from '../src/core/propose/direction.ts'
import { explainRepetition } from '../src/core/propose/novelty.ts'
import { CATEGORIES, type Candidate } from '../src/core/record/candidate.ts'
import type { State } from '../src/core/record/state.ts'
import type { TrialResult } from '../src/core/record/trial.ts'
import {
  aCandidate,
  aConfig,
  aDirection,
  aRandom,
  aState,
  aTrialResult,
  CONDITIONS,
  gaussian,
  trialResults,
} from '../test/factories.ts'
import { readArguments } from './arguments.ts'
import { median, round } from './numbers.ts'
import { Output } from './output.ts'

const options = readArguments({
  name: 'brief',
  measures:
    'How long the brief is, and how long proposing takes to begin, by the number of past experiments.',
  repetitions: 1,
  repetitionIs: 'measurements of each time, of which the median is printed',
  seed: 20_261_125,
  seedDecides: 'the experiments in the ledger',
  options: {
    experiments: { kind: 'counts', help: 'experiments in the ledger', default: [10, 1000, 100_000] },
  },
})
const CHARACTERS_PER_TOKEN = 4
const SIGMA = 0.0011
const example = (name: string) =>
  readFileSync(new URL(`../examples/nanogpt/${name}`, import.meta.url), 'utf8')
const SOURCE = example('train.py')
const config = aConfig({ program: 'program.md' })

/** A ledger as a long run leaves it: most ideas fall short, some crash, a few are merged or parked. */
function aLedger(count: number): State {
  const random = aRandom(options.seed)
  const candidates: Candidate[] = []
  const trials: TrialResult[] = trialResults([2.5, 2.5011, 2.4989])
  for (let index = 0; index < count; index++) {
    const category = CATEGORIES[Math.floor(random() * CATEGORIES.length)] ?? 'optimizer'
    const title = `Try ${category} idea number ${100_000 + index} with a title of the usual length`
    const fate = aFate(random)
    const sketch = sketchOf([aChange(index)])
    const candidate = {
      ...aCandidate({ name: `${index}`, category, title, sketch, proposer: 'agent' }),
      ...fate,
    }
    candidates.push(candidate)
    const crashed = fate.verdict?.gain === undefined
    const failure = {
      outcome: 'crashed',
      tail: `Traceback (most recent call last):\n${'  frame\n'.repeat(90)}`,
    }
    trials.push(aTrialResult({ candidate, value: 2.5, ...(crashed && (failure as object)) }))
  }
  return aState({ candidates, trials })
}

function aFate(random: () => number): Pick<Candidate, 'verdict' | 'end'> {
  const [sigma, runs] = [SIGMA, { candidate: 1, baseline: 6 }]
  const draw = random()
  if (draw < 0.06) {
    const reason = 'run 1 of 1 ended crashed: RuntimeError: shapes cannot be multiplied (64x768 and 384x768)'
    return { verdict: { kind: 'reject', reason, runs }, end: { kind: 'closed' } }
  }
  const gain = draw > 0.85 ? SIGMA * (2 + random()) : SIGMA * (gaussian(random) - 1)
  const z = gain / (sigma * Math.sqrt(1 + 1 / 6))
  const reason = `gain ${gain.toFixed(5)} ± 0.00119 over 1 run, and one run must gain at least 1.5 σ = 0.00165`
  if (draw > 0.85) {
    const end = { kind: 'merged', commit: 'c'.repeat(40), asTrained: true } as const
    return { verdict: { kind: 'merge', reason, gain, sigma, z, runs }, end }
  }
  return { verdict: { kind: 'reject', reason, gain, sigma, z, runs }, end: { kind: 'closed' } }
}

function aChange(index: number): Change {
  const before = 'a = 1\nb = 2\n'
  const line = `h = layer_${index}(x, mode_${index % 97}, scale_${index % 89})\n`
  return { path: 'train.py', mode: '100644', before, after: before + line }
}

/** Of the median repetition. */
function milliseconds(work: () => unknown): number | null {
  const times = Array.from({ length: options.repetitions }, () => {
    const started = performance.now()
    work()
    return performance.now() - started
  })
  return round(median(times), 0)
}

const tokens = (characters: number): number => Math.round(characters / CHARACTERS_PER_TOKEN)

const rows = options.experiments.map((experiments) => {
  const state = aLedger(experiments)
  const direction = aDirection({ category: 'architecture' })
  const input = { config, state, conditions: CONDITIONS, direction, program: example('program.md') }
  const files = new Map([['train.py', SOURCE]])
  const build = () => buildBrief({ ...input, files, editable: ['train.py'] })
  const { length } = build()
  const policy = { similarity: config.search.novelty, retryAfterMerges: config.search.retryAfterMerges }
  return {
    experiments,
    tokens: tokens(length),
    withoutSource: tokens(length - SOURCE.length),
    briefMs: milliseconds(build),
    directionMs: milliseconds(() =>
      chooseTurn(state, [{ name: 'agent', constantsOnly: false }], new Set(), config.search, aRandom(1)),
    ),
    noveltyMs: milliseconds(() => explainRepetition(state, [aChange(-1)], policy)),
  }
})
const output = new Output('brief', options)
output.fact('charactersPerToken', CHARACTERS_PER_TOKEN)
output.table('rows', 'Length of the brief in tokens, and time in milliseconds', rows)
output.end()
