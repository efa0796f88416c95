// Finds knobs: named constants in source text that are worth tuning.
import type { Category } from '../../record/candidate.ts'
import { functionAt } from './blocks.ts'
import { knobNaming } from './names.ts'
import { type Placed, placeTokens } from './placed-tokens.ts'

/** A named constant and the position of its literal. */
export interface FoundKnob {
  file: string
  /** As written in the source; the second constant of the same name in a file is `lr#2`. */
  name: string
  /** 1-based. */
  line: number
  /** The span of the literal, in UTF-16 code units: `text.slice(start, end) === literal`. */
  start: number
  end: number
  literal: string
  /** 0 or more; of a switch 0 or 1. */
  value: number
  /** `integer`: written without a decimal point or exponent, and new values are too. */
  kind: 'integer' | 'real' | 'switch'
  /** False when it is only tuned if the configuration includes it by name. */
  byDefault: boolean
  /** True for the default of a setting that a command line may give under the same name. */
  isSetting: boolean
  /** The function that it stands in; only known in Python. */
  inside?: string
}

const LITERAL =
  /^(?<digits>(?:[\d_']+\.?[\d_]*|\.[\d_]+)(?:[eE][+-]?\d+)?)(?<suffix>[fFlLuU]{1,3}|_?f(?:32|64))?$/
const SWITCH = /^(?:[Tt]rue|[Ff]alse)$/
const NAME = /^[\p{L}_$][\p{L}\p{N}_$.()[\]#-]{0,59}$/u
const NOT_TUNABLE =
  /seed|version|random_?state|prngkey|(?:^|[_.-])(?:port|year|date|timestamp|build|revision|rng|at)(?:$|[_.-])/i
const NOT_TUNABLE_CAMEL = /(?:Port|Year|Date)(?![a-z])/
/** A day such as 20240501, or seconds since 1970. */
const IS_TIME = /^(?:(?:19|20)\d\d[01]\d[0-3]\d|1[5-9]\d{8})$/
/** Settings of tools, whose numbers are none of training. */
const OF_A_TOOL =
  /(?:^|\/)(?:\..+|(?:package(?:-lock)?|composer|(?:ts|js)config[^/]*|biome|deno|lerna|nx|turbo|renovate|vercel|angular|tokenizer[^/]*|special_tokens_map)\.jsonc?|(?:pyproject|Cargo|Pipfile|ruff|rustfmt|netlify|fly)\.toml|(?:(?:docker-)?compose|mkdocs|environment|conda|codecov|action|pnpm-[^/]*)[^/]*\.ya?ml)$|(?:^|\/)\.[^/]+\//
/** Settings of measuring, printing, saving and the machine: they are not what makes a model better. */
const NOT_THE_MODEL =
  /(?:^|[_.(-])(?:log|logging|print|save|wandb|ckpt|checkpoint|sample|core[_-]metric)[_-]?(?:loss_)?(?:iters?|interval|every\w*|max\w*|steps?|freq\w*|batches|size|tokens|only|log|limit)\b|(?:^|[_.(-])(?:num_workers|workers|timeout|retries|rank|local_rank|world_size|nproc\w*|nnodes|num_nodes|num_gpus|gpus|(?<!per_)devices?|precision|vocab_size|low_cpu_mem\w*|\w*num_workers|debug|verbose|resume|compile|profile|wandb|save\w*|always_save\w*|max_to_keep|write_\w*steps|pin_memory|deterministic|allow_tf32|backend|best_\w+)(?:$|[_.)-])/i
/**
 * What is measured, and on what: another number there is another metric, and no better model. At the end of a name, `val` is a
 * value: `gradient_clip_val`.
 */
const THE_MEASUREMENT =
  /(?:^|_|\()(?:val_|(?:evals?|evaluat\w+|valid|validat\w+|tests?|testing|holdout)(?:$|_|\)))/i
/** Names that a library gives a meaning of its own, as Hydra does: `_partial_`. */
const OF_A_LIBRARY = /^_\w+_$/
/** Switches that decide who prints, what is printed, kept or shown, and what the program has already done. */
const NOT_A_CHOICE =
  /(?:^|_)(?:(?:master|main|primary|chief|leader)(?:_(?:process|rank|node|worker|thread))?|rank_?(?:zero|0)(?:_only)?|quiet|silent|verbose|print\w*|show\w*|display\w*|plot\w*|dump\w*|tqdm|progress(?:_?bar)?|log(?:s|ger|ging|ged)?|report(?:ed|ing|_to)?|tensorboard|mlflow|upload|push_to_hub|export|overwrite|dry_run|ddp|distributed|(?:do|run)_(?:train|eval|test|predict)|(?:train|test|predict)_only|requires_grad|benchmark|done|finished|converged|running|stop(?:ped)?|first|found|success|ok)$|^(?:is_)?train(?:ing)?$|^log_(?:to|every|metrics?|grad\w*|loss\w*|step\w*|file|console|model|image\w*|histogram\w*|param\w*|wandb)(?:_|$)/i
const MAY_BE_ZERO =
  /drop|decay|smooth|warm|min_lr|final_lr|momentum|clip|reg|(?:^|_)l[12]|noise|coef|lambda|z_loss|prob|(?:^|_)wd(?:$|_)|label/i

/** True where 0 means "off" rather than "nothing counted yet". */
export function mayBeZero(name: string): boolean {
  return MAY_BE_ZERO.test(name)
}

/**
 * Finds all knobs of a file, in text order, also those that are not tuned by default. Only a single literal counts:
 * `1024 * 4` is an expression. Files in unsupported languages have no knobs.
 *
 * @param path its extension determines the language
 */
export function findKnobs(path: string, text: string): FoundKnob[] {
  const nameAt = knobNaming(path)
  if (nameAt === undefined || OF_A_TOOL.test(path)) return []
  const tokens = placeTokens(path, text)
  const times = new Map<string, number>()
  const knobs: FoundKnob[] = []
  for (const [index, token] of tokens.entries()) {
    const read = readLiteral(token)
    const naming = read && nameAt(tokens, index, read.kind === 'real')
    const name = unquote(naming?.name ?? '')
    if (!read || !naming || !isTunable(name) || IS_TIME.test(token.text)) continue
    const time = (times.get(name) ?? 0) + 1
    times.set(name, time)
    const { start, line, text: literal } = token
    const place = { file: path, name: time === 1 ? name : `${name}#${time}`, line, start }
    const inside = functionAt(path, text, start)
    knobs.push({
      ...place,
      end: start + literal.length,
      literal,
      ...read,
      byDefault: naming.byDefault && isTunedByDefault(name, read),
      isSetting: naming.setting === 'always' || (naming.setting !== 'never' && inside === undefined),
      ...(inside !== undefined && { inside }),
    })
  }
  return knobs
}

type Read = Pick<FoundKnob, 'value' | 'kind'>

function readLiteral({ kind, text }: Placed): Read | undefined {
  if (kind === 'word')
    return SWITCH.test(text) ? { value: Number(/^t/i.test(text)), kind: 'switch' } : undefined
  const digits = kind === 'number' ? LITERAL.exec(text)?.groups?.digits : undefined
  const value = Number(digits?.replaceAll(/[_']/g, ''))
  if (digits === undefined || !Number.isFinite(value)) return undefined
  return { value, kind: /^[\d_']+$/.test(digits) && !/f/i.test(text) ? 'integer' : 'real' }
}

function isTunable(name: string): boolean {
  return NAME.test(name) && !NOT_TUNABLE.test(name) && !NOT_TUNABLE_CAMEL.test(name)
}

function isTunedByDefault(name: string, { value, kind }: Read): boolean {
  const plain = asSnakeCase(name)
  if (NOT_THE_MODEL.test(name) || THE_MEASUREMENT.test(plain) || OF_A_LIBRARY.test(name)) return false
  if (kind === 'switch') return !name.includes('(') && !NOT_A_CHOICE.test(plain)
  return value > 0 || mayBeZero(name)
}

/** `is_main_process` for `isMainProcess` and `is-main-process`. */
function asSnakeCase(name: string): string {
  return name.replaceAll(/(?<=[a-z\d])(?=[A-Z])|[-.]/g, '_')
}

function unquote(name: string): string {
  return name.replace(/^(["'])(.*)\1$/, '$2')
}

const CATEGORY_NAMES: readonly (readonly [Category, RegExp])[] = [
  [
    'schedule',
    /warm_?up|warm_?down|cool_?down|schedul|decay_(?:steps|iters|fraction|ratio)|final_lr|min_lr/i,
  ],
  ['regularisation', /weight_?decay|drop|smoothing|clip|l2/i],
  ['initialisation', /init/i],
  ['optimizer', /(?:^|[_.(-])lr(?:$|[_.)-])|learning_?rate|momentum|beta|adam|muon|(?:^|_)eps/i],
  ['architecture', /layer|head|hidden|emb|dim|width|depth|context|block_?size|channel|kernel_size/i],
]

/** Guesses the category of a knob from its name. */
export function knobCategory(name: string): Category {
  return CATEGORY_NAMES.find(([, pattern]) => pattern.test(name))?.[0] ?? 'hyperparameter'
}
