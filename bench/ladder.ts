// Which merges of the small scale are promoted to a larger one, what that costs in runs there, and what it gains.
import { nextPromotionStep } from '../src/core/ladder/promotion.ts'
import {
  type Episode,
  learnTransfer,
  type Member,
  type StackRuns,
  UNTESTED,
} from '../src/core/ladder/transfer.ts'
import { mean } from '../src/core/statistics/noise.ts'
import { aRandom, gaussian } from '../test/factories.ts'
import { readArguments } from './arguments.ts'
import { meanAndError, percent, round } from './numbers.ts'
import { Output } from './output.ts'

const options = readArguments({
  name: 'ladder',
  measures: 'Which merges of the small scale are promoted, what that costs in large runs, and what it gains.',
  repetitions: 60,
  repetitionIs: 'projects, each with some promotions one after another',
  seed: 1,
  seedDecides: 'the merges, what they gain at each scale, and the noise',
  options: {
    members: { kind: 'count', help: 'merges in one promotion', default: 16 },
    promotions: { kind: 'count', help: 'promotions of one project', default: 6 },
  },
})

/** All gains are in units of the noise of one run, which is the same at both scales. */
const SIGMA = 1
const BETA = 0.7
const SD_OF_GAINS = 1.5
const SMALL_ERROR = 0.5
const FAILURES = 0.02
const Z = 1.645
const CORRELATIONS = [0.3, 0.5, 0.7, 0.85, 0.95]

interface TrueMember extends Member {
  largeGain: number
}

/** A merge: a change whose gain looked better than nothing at the small scale. */
function drawMember(id: string, correlation: number, random: () => number): TrueMember {
  for (;;) {
    const gain = SD_OF_GAINS * gaussian(random)
    const seen = gain + SMALL_ERROR * gaussian(random)
    const shrink = SD_OF_GAINS ** 2 / (SD_OF_GAINS ** 2 + SMALL_ERROR ** 2)
    const posterior = { mean: shrink * seen, variance: shrink * SMALL_ERROR ** 2 }
    if (posterior.mean < Z * Math.sqrt(posterior.variance)) continue
    const carried = correlation * gain + Math.sqrt(1 - correlation ** 2) * SD_OF_GAINS * gaussian(random)
    const fails = random() < FAILURES
    const largeGain = fails ? -SD_OF_GAINS * (1 + 3 * random()) : BETA * carried
    return { id, gain: posterior, isScaleDependent: random() < (fails ? 0.6 : 0.3), largeGain }
  }
}

/** The larger scale: what a run of the promoted code with some members applied gives. */
class LargeScale {
  runs = 0
  readonly stacks: { members: ReadonlySet<string>; losses: number[] }[] = []
  readonly #members: readonly TrueMember[]
  readonly #random: () => number

  constructor(members: readonly TrueMember[], random: () => number) {
    this.#members = members
    this.#random = random
  }

  trueGain(ids: Iterable<string>): number {
    const set = new Set(ids)
    return this.#members.reduce((sum, { id, largeGain }) => sum + (set.has(id) ? largeGain : 0), 0)
  }

  run(ids: readonly string[]): void {
    const known = this.stacks.find(
      ({ members }) => members.size === ids.length && ids.every((id) => members.has(id)),
    )
    const stack = known ?? { members: new Set(ids), losses: [] }
    if (!known) this.stacks.push(stack)
    stack.losses.push(SIGMA * gaussian(this.#random) - this.trueGain(ids))
    this.runs++
  }

  /** Mean loss of `count` runs, as far as they are missing. */
  measured(ids: readonly string[], count: number): number {
    const losses = () =>
      this.stacks.find(({ members }) => members.size === ids.length && ids.every((id) => members.has(id)))
        ?.losses ?? []
    while (losses().length < count) this.run(ids)
    return mean(losses())
  }

  holds(ids: readonly string[], count: number): boolean {
    const gain = this.measured([], count) - this.measured(ids, count)
    return gain >= Z * SIGMA * Math.sqrt(2 / count)
  }
}

interface Rule {
  name: string
  start(): (members: readonly TrueMember[], scale: LargeScale) => readonly string[]
}

function ids(members: readonly Member[]): string[] {
  return members.map(({ id }) => id)
}

const RULES: readonly Rule[] = [
  { name: 'promote everything', start: () => ids },
  {
    name: 'each change alone, 3 runs',
    start: () => (members, scale) => ids(members).filter((id) => scale.holds([id], 3)),
  },
  {
    name: 'halving, 3 runs',
    start: () => (members, scale) => {
      const halve = (part: readonly string[]): readonly string[] => {
        if (part.length === 0 || scale.holds(part, 3)) return part
        if (part.length === 1) return []
        const half = part.length >> 1
        return [...halve(part.slice(0, half)), ...halve(part.slice(half))]
      }
      return halve(ids(members))
    },
  },
  {
    name: 'shipped',
    start() {
      let transfer = UNTESTED
      return (members, scale) => {
        for (;;) {
          const episode: Episode = { members, stacks: scale.stacks as readonly StackRuns[], sigma: SIGMA }
          const step = nextPromotionStep(episode, transfer)
          if (step.kind === 'run') {
            for (const stack of step.stacks) scale.run(stack)
            continue
          }
          transfer = learnTransfer(transfer, episode)
          return step.kind === 'promote' ? step.members : []
        }
      }
    },
  },
]

interface Promotion {
  runs: number
  gain: number
  possible: number
  promoted: number
  harmful: number
  isFalse: boolean
}

function play(rule: Rule, correlation: number, seed: number): Promotion[] {
  const random = aRandom(seed)
  const promote = rule.start()
  return Array.from({ length: options.promotions }, () => {
    const members = Array.from({ length: options.members }, (_, index) =>
      drawMember(`m${index}`, correlation, random),
    )
    const scale = new LargeScale(members, aRandom(Math.floor(random() * 2 ** 31)))
    const promoted = new Set(promote(members, scale))
    const gain = scale.trueGain(promoted)
    return {
      runs: scale.runs,
      gain,
      possible: members.reduce((sum, { largeGain }) => sum + Math.max(0, largeGain), 0),
      promoted: promoted.size,
      harmful: members.filter(({ id, largeGain }) => promoted.has(id) && largeGain < 0).length,
      isFalse: promoted.size > 0 && gain <= 0,
    }
  })
}

const output = new Output('ladder', options)
for (const correlation of CORRELATIONS) {
  const rows = RULES.map((rule) => {
    const projects = Array.from({ length: options.repetitions }, (_, index) =>
      play(rule, correlation, options.seed * 1_000_003 + index),
    )
    const all = projects.flat()
    const total = (value: (one: Promotion) => number) => all.reduce((sum, one) => sum + value(one), 0)
    const gains = meanAndError(projects.map((project) => mean(project.map(({ gain }) => gain))))
    return {
      correlation,
      rule: rule.name,
      largeRuns: round(mean(all.map(({ runs }) => runs)), 1),
      gain: round(gains.mean, 2),
      gainError: round(gains.error, 2),
      gainOfPossiblePercent: round(
        percent(
          total(({ gain }) => gain),
          total(({ possible }) => possible),
        ),
        1,
      ),
      promotedMembers: round(mean(all.map(({ promoted }) => promoted)), 1),
      harmfulPercent: round(
        percent(
          total(({ harmful }) => harmful),
          total(({ promoted }) => promoted),
        ),
        1,
      ),
      falsePromotionPercent: round(
        percent(
          total(({ isFalse }) => Number(isFalse)),
          all.length,
        ),
        2,
      ),
    }
  })
  output.table('promotion', `transfer correlation ${correlation}`, rows)
}
output.end()
