// What people see of the ladder: the pull request with promoted code, the report's section, and log lines.
import type { Config } from '../config/config.ts'
import { promotionsTo } from '../ladder/waiting.ts'
import { candidateMergedAs } from '../record/merges.ts'
import type { KnownPromotion, Promotion, PromotionOutcome } from '../record/promotion.ts'
import type { State } from '../record/state.ts'
import { documentUrl } from '../text/documents.ts'
import { inertText, inertTitle, table, truncateMarkdown } from '../text/markdown.ts'
import { formatNumber, formatSigned } from '../text/numbers.ts'
import { describeMerge } from './describe.ts'
import { MAX_BODY_CHARACTERS } from './pull-request.ts'

type Decided = Promotion & { outcome: PromotionOutcome }
type Settings = Pick<Config, 'metric'> & { ladder?: Config['ladder']; promote?: Config['promote'] }

/** A merge that was tested at a larger scale, in words. */
export interface ClimbedRow {
  scale: string
  pullRequest: number | undefined
  /** Written by a candidate, so never trusted. */
  title: string
  /** Gain at the first scale, and its standard deviation. */
  small: string
  /** Expected gain at the larger scale. */
  large: string
  /** Probability that it gains there. */
  chance: string
  ending: 'promoted' | 'does not transfer'
}

export interface LadderTally {
  /** One sentence for each scale about the latest promotion to it. */
  sentences: string[]
  rows: ClimbedRow[]
}

/** The latest tested merges in the report; the ledger holds all. */
const MAX_ROWS = 32

/** Undefined where there is one scale and never was another. */
export function tallyLadder(state: State, { ladder }: Pick<Settings, 'ladder'>): LadderTally | undefined {
  const promotions = [...state.promotions.values()]
  if (!ladder && promotions.length === 0) return undefined
  const scales = new Set([
    ...(ladder?.larger ?? []).map(({ name }) => name),
    ...promotions.map(({ scale }) => scale),
  ])
  const sentences = [...scales].map((scale) => sentenceFor(state, scale))
  return {
    sentences,
    rows: promotions
      .filter(isDecided)
      .flatMap((one) => climbedRows(state, one))
      .slice(-MAX_ROWS),
  }
}

function sentenceFor(state: State, scale: string): string {
  const last = promotionsTo(state, scale).at(-1)
  if (!last) return `${scale}: nothing was tested at this scale yet.`
  if (last.outcome) return `${scale}: ${last.outcome.reason}.`
  const merges = last.members.length === 1 ? '1 merge is' : `${last.members.length} merges are`
  return `${scale}: ${merges} being tested.`
}

function isDecided(promotion: KnownPromotion): promotion is KnownPromotion & Decided {
  return promotion.outcome !== undefined
}

export const LADDER_COLUMNS = ['PR', 'change', 'scale', 'gain before', 'gain there', 'chance of a gain', '']

/** What was expected of each member and what is believed now. Gains are positive when better. */
function climbedRows(state: State, { scale, members, aside, outcome }: Decided): ClimbedRow[] {
  const told = new Map(outcome.members.map((member) => [member.merge, member]))
  const named = (merge: string) => {
    const { title = merge.slice(0, 7), pullRequest } = candidateMergedAs(state, merge) ?? {}
    return { scale, title, pullRequest }
  }
  const tested = members.flatMap(({ merge, gain, deviation }): ClimbedRow[] => {
    const found = told.get(merge)
    if (!found) return []
    const small = `${formatSigned(gain)} ± ${formatNumber(deviation)}`
    const chance = `${Math.round(100 * found.positive)} %`
    const ending = found.promoted ? 'promoted' : 'does not transfer'
    return [{ ...named(merge), small, large: formatSigned(found.gain), chance, ending }]
  })
  const untested = aside.map(
    ({ merge }): ClimbedRow => ({
      ...named(merge),
      small: '–',
      large: '–',
      chance: '–',
      ending: 'does not transfer',
    }),
  )
  return [...tested, ...untested]
}

/** The rows as cells of markdown. */
export function climbedCells(rows: readonly ClimbedRow[]): string[][] {
  return rows.map(({ pullRequest, title, scale, small, large, chance, ending }) => [
    pullRequest === undefined ? '–' : `#${pullRequest}`,
    inertText(title, 150),
    inertText(scale, 40),
    small,
    large,
    chance,
    ending === 'promoted' ? '**promoted**' : ending,
  ])
}

/** `d24: 2 of 3 merges promoted: … Does not transfer: #4 "Widen the model".` */
export function describeOutcome(
  state: State,
  { scale, aside }: Promotion,
  { reason, members }: PromotionOutcome,
): string {
  const dropped = [...members.filter(({ promoted }) => !promoted), ...aside]
  const names = dropped.map(({ merge }) => describeMerge(state, merge)).join(', ')
  return `${scale}: ${reason}${dropped.length > 0 ? `. Does not transfer: ${names}` : ''}`
}

/** Title and body of the pull request that proposes promoted code. */
export function renderPromotion(
  state: State,
  promotion: KnownPromotion,
  config: Settings,
): { title: string; body: string } {
  const { scale, outcome } = promotion
  if (!outcome) return { title: '', body: '' }
  const decided = { ...promotion, outcome }
  const earlier = promotionsTo(state, scale).filter(
    (one) => one.number < promotion.number && one.outcome?.promoted,
  )
  const body = [
    `**${inertText(outcome.reason, 1000)}.**${confidenceWords(outcome)}`,
    `The merges below improved ${inertText(config.metric.name, 80)} at ${inertText(config.ladder?.first ?? 'the first scale', 40)}, where research happens, and were tested together at ${inertText(scale, 40)}. Gains are in the unit of the metric; positive is better. "Gain before" is what the judge expected at the first scale.`,
    table(LADDER_COLUMNS, climbedCells(climbedRows(state, decided))),
    `### Runs at ${inertText(scale, 40)}`,
    runTable(state, decided, config),
    ...(earlier.length > 0 ? [`### Promoted before\n\n${earlierLines(earlier)}`] : []),
    '---',
    `Kept up to date by Autoresearch Action: the next promotion adds to this pull request. The code is tagged \`autoresearch/${scale}/${promotion.number}\`. Merge it with a merge commit, so that the next one continues from here ([how merges climb](${documentUrl('ladder')})).`,
  ].join('\n\n')
  const title = `Promote ${inertTitle(outcome.reason, 150)}`.replace(' promoted: ', ': ')
  return { title, body: truncateMarkdown(body, MAX_BODY_CHARACTERS) }
}

function confidenceWords({ confidence }: PromotionOutcome): string {
  return confidence === undefined
    ? ''
    : ` The probability that they gain together is ${(100 * confidence).toFixed(1)} %.`
}

function runTable(state: State, { members, outcome }: Decided, { metric }: Settings): string {
  const sign = metric.direction === 'minimize' ? 1 : -1
  const rows = outcome.runs.map(({ members: applied, losses }) => [
    stackName(state, members.length, applied),
    losses.map((loss) => formatNumber(sign * loss)).join(', '),
  ])
  const noise = `The noise of one run is taken as σ = ${formatNumber(outcome.sigma)}. A run that failed counts with a value that is far too bad.`
  return `${table(['code', inertText(metric.name, 80)], rows)}\n\n${noise}`
}

function stackName(state: State, all: number, applied: readonly string[]): string {
  if (applied.length === 0) return 'promoted before'
  if (applied.length === all) return 'with all merges'
  const names = applied.map((merge) => {
    const number = candidateMergedAs(state, merge)?.pullRequest
    return number === undefined ? merge.slice(0, 7) : `#${number}`
  })
  return `with ${names.join(', ')}`
}

const MAX_EARLIER = 20

function earlierLines(earlier: readonly KnownPromotion[]): string {
  return earlier
    .slice(-MAX_EARLIER)
    .map(
      ({ scale, number, outcome }) =>
        `- \`autoresearch/${scale}/${number}\`: ${inertText(outcome?.reason ?? '', 300)}`,
    )
    .join('\n')
}
