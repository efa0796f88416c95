// How each policy spends its next trial.
import { chooseTurn } from '../../src/core/propose/direction.ts'
import { CATEGORIES, type Category, type Direction } from '../../src/core/record/candidate.ts'
import { explore, implement, knobKey, type Part, refine, repair, turnKnob } from './idea.ts'
import { STRUCTURAL } from './landscape.ts'
import type { Research } from './research.ts'

/** Proposes, and lets what is proposed be tried out. */
export type Policy = (research: Research, random: () => number) => void

const PROPOSERS = [
  { name: 'agent', constantsOnly: false },
  { name: 'knobs', constantsOnly: true },
] as const
const DIRECTION = { structuralShare: 0.3, deviceHourDollars: 2 }
/** An agent whose second proposal is refused too has nothing to offer. */
const MAX_SUBMISSIONS = 2

/** The production rules: direction by bandit with its floor, sources to start from, novelty before training. */
export const ours: Policy = (research, random) => {
  const constantsLeft = turnKnob(research.code, research.turned, () => 0) !== undefined
  const exhausted = new Set(constantsLeft ? [] : [PROPOSERS.length - 1])
  const turn = chooseTurn(research.state, PROPOSERS, exhausted, DIRECTION, random)
  if (turn?.index === 0) askAgent(research, turn.direction, true, random)
  else askKnobs(research, random)
}

export const uniformCategories: Policy = (research, random) => {
  const category = pick(CATEGORIES, random) ?? 'optimizer'
  if (category === 'hyperparameter') askKnobs(research, random)
  else askAgent(research, exploring(category), false, random)
}

/** As ours without learning: turns alternate by chance, categories are uniform, and nothing is gone on from. */
export const uniformTurns: Policy = (research, random) => {
  if (random() < 0.5) askKnobs(research, random)
  else askAgent(research, exploring(pick(STRUCTURAL, random) ?? 'data'), true, random)
}

export const uniformWithNovelty: Policy = (research, random) => {
  const category = pick(CATEGORIES, random) ?? 'optimizer'
  if (category === 'hyperparameter') askKnobs(research, random)
  else askAgent(research, exploring(category), true, random)
}

/** Turns constants and polishes what looked good, as long as anything did. */
export const refineOnly: Policy = (research, random) => {
  const good = [...research.state.candidates.values()].filter(
    ({ verdict, proposer }) => proposer === 'agent' && (verdict?.gain ?? 0) > 0,
  )
  const source = pick(good, random)
  if (random() < 0.5) askKnobs(research, random)
  else if (source === undefined)
    askAgent(research, exploring(pick(STRUCTURAL, random) ?? 'data'), false, random)
  else {
    const { id, category } = source
    askAgent(research, { mode: 'refine', category, structural: false, sources: [id] }, false, random)
  }
}

/** One change drawn uniformly from all there are, without memory or favourites. */
export const randomSearch: Policy = (research, random) => {
  const { switches, knobs } = research.landscape
  const drawn = Math.floor(random() * (switches.length + knobs.length))
  const { quality } = research.code
  const part: Part =
    drawn >= switches.length
      ? { kind: 'knob', id: drawn - switches.length, to: 4 * random() - 2 }
      : quality.has(drawn)
        ? { kind: 'off', id: drawn }
        : implement(drawn, random)
  const category = switches[drawn]?.category ?? 'hyperparameter'
  research.tryOut({ parts: [part], proposer: 'agent', category }, research.write([part]))
}

function exploring(category: Category): Direction {
  return { mode: 'explore', category, structural: false, sources: [] }
}

function askAgent(research: Research, direction: Direction, novelty: boolean, random: () => number): void {
  const { category, sources } = direction
  for (let submission = 1; submission <= MAX_SUBMISSIONS; submission++) {
    const parts = followDirection(research, direction, random)
    if (parts.length === 0) break
    const change = research.write(parts)
    if (novelty && !research.isNew(change, sources)) continue
    research.tryOut({ parts, proposer: 'agent', category, direction }, change)
    return
  }
  research.recordNothing('agent', direction)
}

function followDirection(research: Research, direction: Direction, random: () => number): Part[] {
  const parts = direction.sources.flatMap((id) => research.parts.get(id) ?? [])
  switch (direction.mode) {
    case 'explore':
      return explore(
        research.landscape,
        research.code,
        direction,
        triedIn(research, direction.category),
        random,
      )
    case 'refine':
      return parts.map((part) => refine(part, random))
    case 'combine':
      return parts
    case 'simplify':
      return parts.flatMap((part) => (part.kind === 'on' ? [{ kind: 'off', id: part.id } as const] : []))
    case 'repair':
      return parts.map(repair)
  }
}

function triedIn(research: Research, category: Category): number[] {
  return [...research.state.candidates.values()]
    .filter((candidate) => candidate.category === category)
    .flatMap(({ id }) => research.parts.get(id) ?? [])
    .flatMap((part) => (part.kind === 'on' ? [part.id] : []))
}

function askKnobs(research: Research, random: () => number): void {
  const step = turnKnob(research.code, research.turned, random)
  if (!step) {
    research.recordNothing('knobs', exploring('hyperparameter'))
    return
  }
  research.turned.add(knobKey(research.code.knobs, step))
  research.tryOut({ parts: [step], proposer: 'knobs', category: 'hyperparameter' }, research.write([step]))
}

function pick<T>(choices: readonly T[], random: () => number): T | undefined {
  return choices[Math.floor(random() * choices.length)]
}
