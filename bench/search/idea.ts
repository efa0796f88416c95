// Scripted proposers in the agent's place. They know nothing of what ideas are worth; like a model, the agent has
// favourites, forgets what its brief does not show, and implements the same idea a little differently each time.

import type { Change } from '../../src/core/gate/gate.ts'
import type { Direction } from '../../src/core/record/candidate.ts'
import type { Code, Landscape, Switch } from './landscape.ts'

/** One part of a change. */
export type Part =
  | { kind: 'on'; id: number; quality: number; repaired: boolean }
  | { kind: 'off'; id: number }
  | { kind: 'knob'; id: number; to: number }

/** Ideas of a category that its brief shows, and that the agent therefore does not repeat. */
const SHOWN = 10
const NAMES = ['h', 'out', 'mixed', 'y', 'branch', 'residual']

/** @param shown ids of switches tried before in this category, latest last */
export function explore(
  { switches }: Landscape,
  { quality }: Code,
  { category }: Pick<Direction, 'category'>,
  shown: readonly number[],
  random: () => number,
): Part[] {
  const recent = new Set(shown.slice(-SHOWN))
  const open = switches.filter(
    (one) => one.category === category && !quality.has(one.id) && !recent.has(one.id),
  )
  const favourite = drawFavourite(open, random)
  return favourite ? [implement(favourite.id, random)] : []
}

/** The first of a category come to mind most often: weights 1, 1/2, 1/3 … */
function drawFavourite(open: readonly Switch[], random: () => number): Switch | undefined {
  const total = open.reduce((sum, _, rank) => sum + 1 / (rank + 1), 0)
  let left = random() * total
  return open.find((_, rank) => {
    left -= 1 / (rank + 1)
    return left < 0
  })
}

export function implement(id: number, random: () => number): Part {
  return { kind: 'on', id, quality: 0.4 + 0.6 * random(), repaired: false }
}

/** The same idea done better, or so the agent hopes. */
export function refine(part: Part, random: () => number): Part {
  if (part.kind !== 'on') return part
  const better = random() < 0.6
  const quality = better ? part.quality + random() * (1 - part.quality) : part.quality * (0.5 + random() / 2)
  return { ...part, quality }
}

export function repair(part: Part): Part {
  return part.kind === 'on' ? { ...part, repaired: true } : part
}

const STEPS = [1, -1, 0.32, -0.32]

type KnobStep = Extract<Part, { kind: 'knob' }>

/** A step on one constant that was not tried from its present value. */
export function turnKnob(
  { knobs }: Code,
  turned: ReadonlySet<string>,
  random: () => number,
): KnobStep | undefined {
  const steps = knobs
    .flatMap((value, id) => STEPS.map((step): KnobStep => ({ kind: 'knob', id, to: value + step })))
    .filter((step) => !turned.has(knobKey(knobs, step)))
  return steps[Math.floor(random() * steps.length)]
}

export function knobKey(knobs: Code['knobs'], { id, to }: KnobStep): string {
  return `${id}:${knobs[id]?.toFixed(2)}:${to.toFixed(2)}`
}

export function applyParts(code: Code, parts: readonly Part[]): Code {
  const quality = new Map(code.quality)
  const knobs = [...code.knobs]
  for (const part of parts)
    if (part.kind === 'on') quality.set(part.id, part.quality)
    else if (part.kind === 'off') quality.delete(part.id)
    else knobs[part.id] = part.to
  return { quality, knobs }
}

/** The change as source text, so that it is recognised, or not, by the same means as a real one. */
export function writeChange(code: Code, parts: readonly Part[], random: () => number): Change {
  const texts = parts.map((part) => writePart(code, part, random))
  const text = (side: 0 | 1) =>
    `x = embed(tokens)\n${texts.map((sides) => sides[side]).join('')}loss = head(x)\n`
  return { path: 'train.py', mode: '100644', before: text(0), after: text(1) }
}

function writePart(code: Code, part: Part, random: () => number): [string, string] {
  if (part.kind === 'knob') {
    const line = (value: number) => `constant_${part.id} = ${(0.01 * 2 ** value).toPrecision(4)}\n`
    return [line(code.knobs[part.id] ?? 0), line(part.to)]
  }
  const own = writeSwitch(part.id, code.quality.get(part.id), random)
  if (part.kind === 'off') return [own, '']
  const better = `x = polish_${part.id}_${Math.floor(1e6 * part.quality)}(x)\n`
  if (code.quality.has(part.id)) return [own, own + better]
  return ['', writeSwitch(part.id, part.quality, random) + (part.repaired ? `x = mend_${part.id}(x)\n` : '')]
}

function writeSwitch(id: number, quality: number | undefined, random: () => number): string {
  const name = NAMES[Math.floor(random() * NAMES.length)] ?? 'h'
  const strength = (quality ?? 1).toFixed(2)
  return `# attempt\n${name} = mix_${id}(x, gate_${id}, ${strength})\nx = merge_${id}(x, ${name})\n`
}
