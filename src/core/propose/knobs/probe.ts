// Constants that may well have no effect are tested together: one candidate changes all of them a little, and when its run equals
// the baseline's run with the same seed, all of them are known to do nothing (group testing; Dorfman, 1943).
import { knobsOf } from '../../record/candidate.ts'
import type { PastIdea } from '../../record/ideas.ts'
import { statusOf } from '../../record/status.ts'
import { contextOf, type Surroundings } from './effect.ts'
import type { FoundKnob } from './knobs.ts'
import { keyOf } from './observations.ts'
import { type KnobStep, stepsOf } from './scale.ts'
import { withoutNumber } from './select.ts'

/** Fewer are not worth a run of their own. */
const MIN_TOGETHER = 3
/** Tests after which the rest is searched like every other constant. */
const MAX_TESTS = 3

export interface Suspicion {
  /** Steps to test together now; empty for no test. */
  test: KnobStep[]
  /** Constants that are left alone until a test of them is decided. */
  waiting: ReadonlySet<FoundKnob>
}

/**
 * A first test changes all suspects. Where it shows an effect, at least one of them has one, and the most suspicious half is
 * tested next.
 */
export function suspect(
  knobs: readonly FoundKnob[],
  history: readonly PastIdea[],
  surroundings: Surroundings,
): Suspicion {
  const suspects = rankSuspects(knobs, surroundings)
  const keys = new Set(suspects.map((knob) => `${keyOf(knob)}\0${contextOf(knob, surroundings)}`))
  const tests = history.filter((candidate) => isTestOf(candidate, keys))
  if (tests.some((candidate) => statusOf(candidate) === 'waiting'))
    return { test: [], waiting: new Set(suspects) }
  const failed = tests.filter(({ verdict }) => !verdict?.noEffect)
  const sizes = failed.map((candidate) => knobsOf(candidate).length)
  const size = Math.min(suspects.length, ...sizes.map((tested) => Math.floor(tested / 2)))
  if (size < MIN_TOGETHER || failed.length >= MAX_TESTS) return { test: [], waiting: new Set() }
  const test = suspects.slice(0, size).flatMap((knob) => stepsOf(knob, knobs).at(-1) ?? [])
  return test.length < MIN_TOGETHER ? { test: [], waiting: new Set() } : { test, waiting: new Set(suspects) }
}

/** True for a candidate that tested suspects together: most of what it changed are suspects still, or were found to be dead. */
function isTestOf(candidate: PastIdea, suspects: ReadonlySet<string>): boolean {
  const steps = knobsOf(candidate)
  return (
    candidate.title.startsWith(TEST_TITLE) &&
    steps.some((step) => suspects.has(`${keyOf(step)}\0${step.context}`))
  )
}

/** How the title of such a candidate begins. */
export const TEST_TITLE = 'Test for an effect'

/** What is counted once for all constants. */
interface Census {
  /** The code that training may run, by file, and joined. */
  code: ReadonlyMap<string, string>
  all: string
  names: ReadonlyMap<string, number>
  entries: ReadonlyMap<string, number>
}

/** Suspects, the most suspicious first. */
function rankSuspects(knobs: readonly FoundKnob[], surroundings: Surroundings): FoundKnob[] {
  const code = reachableCode(surroundings)
  const census: Census = {
    code,
    all: [...code.values()].join('\n'),
    names: countBy(knobs, ({ name }) => withoutNumber(name)),
    entries: countBy(knobs, entryOf),
  }
  return knobs
    .map((knob) => ({ knob, reasons: reasonsAgainst(knob, census, surroundings.train) }))
    .filter(({ reasons }) => reasons > 0)
    .sort((a, b) => b.reasons - a.reasons)
    .map(({ knob }) => knob)
}

/** Constants whose names tell that they are for generating text or for reporting. */
const NOT_FOR_TRAINING = /flops|promised|temperature|top_[kp]/i
/** Functions that training from scratch does not call, whatever its code mentions. */
const NOT_IN_TRAINING = /^(?:from_pretrained|generate|sample|estimate_mfu|(?:export|convert)\w*)$/
/** A table in a function gives one name a value per model size, and one size is trained at most. */
const MIN_ALTERNATIVES = 3

function reasonsAgainst(knob: FoundKnob, { code, all, names, entries }: Census, train: string): number {
  const { file, name, inside, isSetting } = knob
  const plain = withoutNumber(name)
  const isUnreachable = code.size > 0 && !code.has(file)
  const isUncalled = inside !== undefined && !inside.startsWith('__') && countWord(all, inside) < 2
  // The script that the command names is where a value comes from; its other copies are defaults.
  const isDefault = isSetting && !train.includes(file)
  const isRepeated = isDefault && (names.get(plain) ?? 0) > 1
  // `GPTConfig(n_layer=n_layer)` gives a default its value at another place.
  const isGiven = isDefault && new RegExp(String.raw`[(,]\s*${escaped(plain)}\s*=\s*[\p{L}_]`, 'u').test(all)
  const isAlternative = /^\w+$/.test(plain) && (entries.get(entryOf(knob)) ?? 0) >= MIN_ALTERNATIVES
  return (
    3 * Number(isUnreachable) +
    3 * Number(isUncalled) +
    Number(isRepeated) +
    Number(isGiven) +
    2 * Number(isAlternative) +
    2 * Number(NOT_FOR_TRAINING.test(plain) || NOT_IN_TRAINING.test(inside ?? ''))
  )
}

function entryOf({ file, inside = '', name }: FoundKnob): string {
  return [file, inside, withoutNumber(name)].join('\0')
}

function countBy(knobs: readonly FoundKnob[], key: (knob: FoundKnob) => string): Map<string, number> {
  const groups = Map.groupBy(knobs, key)
  return new Map([...groups].map(([name, { length }]) => [name, length]))
}

/** The files that training may run: those that its command names, and those whose names these mention. */
function reachableCode({ files, train }: Surroundings): Map<string, string> {
  const reached = new Map<string, string>()
  const isMentioned = (path: string, text: string) => {
    const stem = path.replace(/^.*\//, '').replace(/\.\w+$/, '')
    return countWord(text, stem) > 0
  }
  const texts = [train]
  for (const text of texts)
    for (const [path, content] of files)
      if (!reached.has(path) && (text.includes(path) || isImport(text, path, isMentioned))) {
        reached.set(path, content)
        texts.push(content)
      }
  return reached
}

function isImport(text: string, path: string, isMentioned: (path: string, line: string) => boolean): boolean {
  return text
    .split('\n')
    .some(
      (line) => /\b(?:import|from|require|include|exec|open|source)\b/.test(line) && isMentioned(path, line),
    )
}

function countWord(text: string, word: string): number {
  return (
    text.match(new RegExp(String.raw`(?<![\p{L}\p{N}_])${escaped(word)}(?![\p{L}\p{N}_])`, 'gu'))?.length ?? 0
  )
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.|+*?()[\]{}]/g, String.raw`\$&`)
}
