// Recognises the repositories for which `recipes/` has a tested configuration, by files and lines that only they have.
import { type Evidence, evidenceOfFile, findLine, type Layout } from './layout.ts'
import type { Finding, InitPlan } from './plan.ts'

/** A file that must exist, and the line that must be in it. */
interface Requirement {
  path: string
  line?: RegExp
  /** What it shows, for people. */
  what: string
}

interface Recipe {
  /** Folder in `recipes/`. */
  name: string
  title: string
  requires: readonly Requirement[]
  assumed: readonly string[]
  check: readonly string[]
}

/** The files of one folder in `recipes/`. */
export interface RecipeFiles {
  config: string
  program: string
  /** Path that the configuration names in `program`. */
  programPath: string
}

const RECIPES: readonly Recipe[] = [
  {
    name: 'autoresearch',
    title: 'karpathy/autoresearch',
    requires: [
      {
        path: 'train.py',
        line: /^from prepare import .*\bevaluate_bpb\b/,
        what: 'trains, with the evaluation of prepare.py',
      },
      { path: 'train.py', line: /print\(f"val_bpb:/, what: 'prints the metric' },
      { path: 'prepare.py', line: /^TIME_BUDGET\s*=\s*300\b/, what: 'fixes the training time' },
    ],
    assumed: [
      'The machine has one NVIDIA GPU and `uv`.',
      '`program.md` is written for an agent that commits by itself, so the directions for proposers are a file of their own.',
    ],
    check: [
      '`setup` downloads ten data shards and the attention kernel: that machine needs the network once.',
    ],
  },
  {
    name: 'nanochat',
    title: 'karpathy/nanochat',
    requires: [
      {
        path: 'scripts/base_train.py',
        line: /print0\(f"Minimum validation bpb:/,
        what: 'prints the metric once, at the end',
      },
      { path: 'scripts/tok_train.py', what: 'trains the tokenizer' },
      { path: 'nanochat/gpt.py', what: 'holds the model' },
    ],
    assumed: [
      'The machine has one GPU of 80 GB and `uv`; the model is a d12, which trains in minutes instead of hours.',
    ],
    check: [
      'On eight GPUs replace `python -m` by `python -m torch.distributed.run --standalone --nproc_per_node=8 -m` in `train`.',
      'Training has fixed steps: raise `budget` and `timeout` if the run of `doctor` takes longer.',
    ],
  },
  {
    name: 'nanogpt',
    title: 'karpathy/nanoGPT',
    requires: [
      {
        path: 'train.py',
        line: /exec\(open\('configurator\.py'\)\.read\(\)\)/,
        what: 'reads its settings from a file and the command line',
      },
      {
        path: 'train.py',
        line: /print\(f"step \{iter_num\}: train loss .*, val loss /,
        what: 'prints the metric at every evaluation',
      },
      { path: 'config/train_shakespeare_char.py', line: /^max_iters\s*=/, what: 'says how long it trains' },
      { path: 'data/shakespeare_char/prepare.py', what: 'prepares the data' },
    ],
    assumed: ['The task is character-level Shakespeare, as in the quick start of its README, on one GPU.'],
    check: [
      'The configuration has lines for a GPU and for the processor: `train` and `budget` must be those for the machine that trains. `init --without-gpu` writes those for the processor.',
      'The settings in `config/train_shakespeare_char.py` override those at the top of `train.py`: both files may change.',
    ],
  },
  {
    name: 'llm.c',
    title: 'karpathy/llm.c',
    requires: [
      {
        path: 'train_gpt2.c',
        line: /printf\("val loss %f\\n", val_loss\)/,
        what: 'prints the metric at every evaluation',
      },
      { path: 'Makefile', line: /^train_gpt2:\s*train_gpt2\.c/, what: 'compiles it' },
      { path: 'dev/download_starter_pack.sh', what: 'downloads weights, tokenizer and data' },
    ],
    assumed: [
      'The program is `train_gpt2.c`, on the processor. `train_gpt2.cu` needs CUDA; its lines are in the configuration as a comment.',
    ],
    check: [
      'Weights, data and seeds are fixed, so repeated runs are identical: `metric.deterministic` says so, and `min-gain` what counts as a gain.',
    ],
  },
  {
    name: 'modded-nanogpt',
    title: 'KellerJordan/modded-nanogpt',
    requires: [
      {
        path: 'train_gpt.py',
        line: /val_loss:\{val_loss:.*train_time:/,
        what: 'prints the metric at every evaluation',
      },
      { path: 'data/cached_fineweb10B.py', what: 'downloads the data' },
      { path: 'run.sh', line: /torchrun .*train_gpt\.py/, what: 'shows how it is started' },
    ],
    assumed: ['The machine has eight NVIDIA H100, as the race asks for.'],
    check: [
      'With fewer GPUs lower `nproc_per_node`: it must divide 8, and the time grows accordingly.',
      'The first run compiles kernels for about seven minutes. `timeout` allows for it.',
    ],
  },
  {
    name: 'litgpt',
    title: 'Lightning-AI/litgpt',
    requires: [
      {
        path: 'litgpt/pretrain.py',
        line: /Final evaluation \| val loss:/,
        what: 'prints the metric once, at the end',
      },
      {
        path: 'config_hub/pretrain/debug.yaml',
        line: /^data:\s*TinyStories/,
        what: 'trains a small model on TinyStories',
      },
      { path: 'pyproject.toml', line: /^name = "litgpt"/, what: 'lists the packages' },
    ],
    assumed: ['The model is pythia-14m on TinyStories, as in `config_hub/pretrain/debug.yaml`, on one GPU.'],
    check: ['`litgpt` prints three decimals. A change below 0.001 cannot be seen.'],
  },
  {
    name: 'run-clm',
    title: "huggingface/transformers' run_clm.py",
    requires: [
      {
        path: 'examples/pytorch/language-modeling/run_clm.py',
        line: /trainer\.save_metrics\("eval", metrics\)/,
        what: 'writes the metric to a JSON file',
      },
      { path: 'setup.py', line: /name="transformers"/, what: 'installs this very source' },
    ],
    assumed: ['The task is to fine-tune `gpt2` on WikiText-2 for 200 steps, on one GPU.'],
    check: [
      'A candidate may change `run_clm.py` only. To research the library, add its files to `editable`.',
    ],
  },
]

/** The names of all recipes, which are the folders in `recipes/` that `init` reads. */
export const RECIPE_NAMES: readonly string[] = RECIPES.map(({ name }) => name)

/**
 * @param hasGpu whether the machine that trains has one; undefined when it is another machine
 * @returns undefined when no recipe fits, or its files are not given
 */
export function recogniseRecipe(
  layout: Layout,
  files: ReadonlyMap<string, RecipeFiles>,
  hasGpu?: boolean,
): InitPlan | undefined {
  for (const { name, title, requires, assumed, check } of RECIPES) {
    const findings = requires.flatMap((requirement) => findingOf(layout, requirement) ?? [])
    const recipe = files.get(name)
    if (findings.length < requires.length || recipe === undefined) continue
    const program = { path: recipe.programPath, text: recipe.program }
    const plan = { recognised: title, recipe: name, machine: 'gpu', missing: [], findings, program } as const
    const small = hasGpu === false ? withoutGpu(recipe.config) : undefined
    if (small === undefined) return { ...plan, assumed, check, config: recipe.config }
    return { ...plan, assumed: [...assumed, NO_GPU], check, config: small }
  }
  return undefined
}

const NO_GPU =
  'This machine has no GPU, so `train` is the line for the processor: a small model, good for trying the action.'

/** The lines for the processor, which a recipe has as comments, in the place of those for a GPU. */
function withoutGpu(config: string): string | undefined {
  const [block, heading = '', lines = ''] =
    /^(# Without a GPU: .*\n)((?:# [a-z-]+: .*\n)+)/m.exec(config) ?? []
  if (block === undefined) return undefined
  const settings = [...lines.matchAll(/^# (([a-z-]+): .*)$/gm)]
  const kept = settings.map(([, , name]) => `# ${settingIn(config, name)}\n`)
  const swapped = config.replace(block, () => [heading.replace('Without', 'With'), ...kept].join(''))
  return settings.reduce(
    (text, [, setting = '', name]) => text.replace(`\n${settingIn(config, name)}\n`, () => `\n${setting}\n`),
    swapped,
  )
}

function settingIn(config: string, name: string | undefined): string {
  return new RegExp(`^${name}: .*$`, 'm').exec(config)?.[0] ?? ''
}

function findingOf(layout: Layout, { path, line, what }: Requirement): Finding | undefined {
  const evidence: Evidence | undefined =
    line === undefined ? (layout.has(path) ? evidenceOfFile(path) : undefined) : findLine(layout, path, line)
  return evidence && { what, evidence }
}
