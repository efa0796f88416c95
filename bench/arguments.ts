// Reads the command line of a bench: `--json`, `--repetitions`, `--seed` and `--help` mean the same in all of them, and each
// may declare options of its own. Anything else is refused in words, with exit code 2.
import { parseArgs } from 'node:util'

/** An option of one bench. A default is shown in the help. */
type Option =
  | { kind: 'flag'; help: string }
  | { kind: 'text'; help: string; default?: string }
  | { kind: 'texts'; help: string; default: readonly string[] }
  /** A whole number of at least 1. */
  | { kind: 'count'; help: string; default: number }
  | { kind: 'counts'; help: string; default: readonly number[] }
  /** A whole number. */
  | { kind: 'seed'; help: string; default: number }

interface Values {
  flag: boolean
  text: string | undefined
  texts: readonly string[]
  count: number
  counts: readonly number[]
  seed: number
}

type Options = Readonly<Record<string, Option>>

export interface Description<Own extends Options> {
  /** As in `npm run bench:NAME`. */
  name: string
  /** What it measures, in one sentence. */
  measures: string
  repetitions: number
  seed: number
  /** What one repetition is, and what the seed decides. */
  repetitionIs: string
  seedDecides: string
  options: Own
}

export interface SharedArguments {
  json: boolean
  repetitions: number
  seed: number
}

type Arguments<Own extends Options> = SharedArguments & { [Name in keyof Own]: Values[Own[Name]['kind']] }

type Parsed<Own extends Options> =
  | { kind: 'arguments'; values: Arguments<Own> }
  | { kind: 'help'; text: string }
  | { kind: 'refused'; problem: string }

/** The arguments of this process. Ends it after `--help`, and with code 2 when they are not understood. */
export function readArguments<Own extends Options>(description: Description<Own>): Arguments<Own> {
  const parsed = parseArguments(process.argv.slice(2), description)
  if (parsed.kind === 'arguments') return parsed.values
  if (parsed.kind === 'help') {
    console.log(parsed.text)
    process.exit(0)
  }
  console.error(
    `bench:${description.name}: ${parsed.problem}\n→ See the options: npm run bench:${description.name} -- --help`,
  )
  process.exit(2)
}

export function parseArguments<Own extends Options>(
  argv: readonly string[],
  description: Description<Own>,
): Parsed<Own> {
  const options = allOptions(description)
  try {
    const { values } = parseArgs({ args: [...argv], strict: true, options: forParseArgs(options) })
    if (values.help === true) return { kind: 'help', text: renderHelp(description, options) }
    const entries = Object.entries(options).map(([name, option]) => [name, read(name, option, values[name])])
    return { kind: 'arguments', values: Object.fromEntries(entries) as Arguments<Own> }
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { kind: 'refused', problem: firstSentence(error.message) }
  }
}

function allOptions({
  repetitions,
  repetitionIs,
  seed,
  seedDecides,
  options,
}: Description<Options>): Options {
  return {
    ...options,
    repetitions: { kind: 'count', help: repetitionIs, default: repetitions },
    seed: { kind: 'seed', help: seedDecides, default: seed },
    json: { kind: 'flag', help: 'print one JSON document instead of tables' },
    help: { kind: 'flag', help: 'print this and end' },
  }
}

function forParseArgs(options: Options) {
  const entries = Object.entries(options).map(([name, { kind }]) => {
    const type: 'boolean' | 'string' = kind === 'flag' ? 'boolean' : 'string'
    return [name, { type, multiple: kind === 'texts' || kind === 'counts' }] as const
  })
  return Object.fromEntries(entries)
}

type Given = string | boolean | (string | boolean)[] | undefined

/** @throws Refusal */
function read(name: string, option: Option, given: Given): Values[Option['kind']] {
  if (option.kind === 'flag') return given === true
  const texts = given === undefined ? undefined : [given].flat().map(String)
  switch (option.kind) {
    case 'text':
      return texts?.[0] ?? option.default
    case 'texts':
      return texts ?? option.default
    case 'count':
      return texts ? parseWhole(name, texts[0], 1) : option.default
    case 'counts':
      return texts?.map((text) => parseWhole(name, text, 1)) ?? option.default
    case 'seed':
      return texts ? parseWhole(name, texts[0], 0) : option.default
  }
}

class Refusal extends Error {}

/** @throws Refusal */
function parseWhole(name: string, text = '', least: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value
  throw new Refusal(`--${name}: expected a whole number of at least ${least}, found ${JSON.stringify(text)}`)
}

function isRefusal(error: unknown): error is Error {
  if (error instanceof Refusal) return true
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
}

/** What follows in Node's messages is advice about positional arguments, which no bench takes. */
function firstSentence(message: string): string {
  return message.split(/\. |\.?\n/)[0] ?? message
}

const PLACEHOLDERS = { flag: '', text: ' TEXT', texts: ' TEXT', count: ' N', counts: ' N', seed: ' N' }

function renderHelp({ name, measures }: Description<Options>, options: Options): string {
  const rows = Object.entries(options).map(([option, described]) => {
    const { kind, help } = described
    const repeatable = kind === 'texts' || kind === 'counts' ? '; may be given several times' : ''
    const fallback = 'default' in described ? `; default: ${[described.default].flat().join(', ')}` : ''
    return [`  --${option}${PLACEHOLDERS[kind]}`, `${help}${repeatable}${fallback}`] as const
  })
  const width = Math.max(...rows.map(([option]) => option.length))
  const lines = rows.map(([option, help]) => `${option.padEnd(width)}  ${help}`)
  return [measures, '', `npm run bench:${name} -- [options]`, ...lines].join('\n')
}
