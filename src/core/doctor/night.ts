// What a night will bring and cost, estimated from one run.
import type { Config } from '../config/config.ts'
import { formatSeconds } from '../text/numbers.ts'
import { type Check, ok, problem } from './check.ts'

export interface NightFacts {
  config: Config
  /** Wall time of one run of the baseline. */
  runSeconds: number
  /** How long a job trains. */
  timeBudgetSeconds: number
  /** Characters of the files that proposers read. */
  sourceCharacters: number
}

/** Runs per candidate, on average: most get one, a merge needs two or more. */
const RUNS_PER_CANDIDATE = 1.4
const CHARACTERS_PER_TOKEN = 4
/** A conversation sends the source again with every turn. */
const TURNS = 8
const BRIEF_TOKENS = 4000
const ANSWER_TOKENS = 8000

export function checkNight(facts: NightFacts): Check {
  const place = { area: 'proposers', id: 'night' } as const
  const { config, runSeconds, timeBudgetSeconds } = facts
  if (timeBudgetSeconds < config.timeoutSeconds)
    return {
      ...place,
      ...problem(
        `a job of ${formatSeconds(timeBudgetSeconds)} starts no run, because one may take ${formatSeconds(config.timeoutSeconds)}`,
        'Raise `time-budget`, or lower `timeout`.',
      ),
    }
  const baselineSeconds = config.replicates.baseline * runSeconds
  const left = timeBudgetSeconds - baselineSeconds
  const trained = Math.floor(left / (RUNS_PER_CANDIDATE * runSeconds))
  if (trained < 1)
    return {
      ...place,
      ...problem(
        `in ${formatSeconds(timeBudgetSeconds)} the baseline gets its ${config.replicates.baseline} runs, and no candidate gets one`,
        'Raise `time-budget`, or lower `budget` or `replicates.baseline`. The next job continues from there.',
      ),
    }
  const candidates = Math.min(trained, config.limits.candidates)
  const text = `a job of ${formatSeconds(timeBudgetSeconds)} decides about ${candidates} candidates, the first after ${formatSeconds(baselineSeconds)}; ${costOf(facts, candidates)}`
  if (trained <= 1.2 * config.limits.candidates) return { ...place, ...ok(text) }
  return {
    ...place,
    ...ok(
      text,
      `There is time for ${trained}: raise \`limits.candidates\` (${config.limits.candidates}) to use it.`,
    ),
  }
}

function costOf({ config, sourceCharacters }: NightFacts, candidates: number): string {
  const prices = config.proposers.flatMap((one) => (one.kind === 'openai' ? [one.endpoints[0]?.price] : []))
  if (config.proposers.every(({ kind }) => kind === 'knobs')) return 'models cost nothing'
  const [price] = prices
  if (!price) return 'the cost of models is not known: give `price` to the proposer'
  const input = TURNS * (sourceCharacters / CHARACTERS_PER_TOKEN + BRIEF_TOKENS)
  const dollars = (candidates * (input * price.input + ANSWER_TOKENS * price.output)) / 1e6
  const limit = config.limits.dollars
  return `models cost about $${Math.min(dollars, limit).toFixed(2)}, at most $${limit} (\`limits.dollars\`)`
}
