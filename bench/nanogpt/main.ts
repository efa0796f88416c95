// What a search of constants gains on nanoGPT's real constants in equal device time: today's search against the single steps it
// replaced. Needs a clone of karpathy/nanoGPT with the data of config/train_shakespeare_char.py prepared, and a Python with PyTorch.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createKnobsProposer } from '../../src/adapters/knobs.ts'
import type { Proposer } from '../../src/ports/proposer.ts'
import { aRandom } from '../../test/factories.ts'
import { readArguments } from '../arguments.ts'
import { meanAndError, percent, ratio, round } from '../numbers.ts'
import { Output } from '../output.ts'
import { createSingleStepProposer } from '../search/constants/single-step-proposer.ts'
import { describe, Night } from './night.ts'
import { ARGUMENTS, startTraining, type Training } from './training.ts'

const options = readArguments({
  name: 'nanogpt',
  measures: "What each search of constants gains on nanoGPT's real constants in equal device time.",
  repetitions: 1,
  repetitionIs: 'nights per search',
  seed: 1,
  seedDecides: 'random numbers of the searches and the seeds of training',
  options: {
    clone: {
      kind: 'text',
      help: 'folder of a clone of karpathy/nanoGPT with data/shakespeare_char prepared',
    },
    python: { kind: 'text', help: 'Python with PyTorch', default: 'python3' },
    runs: {
      kind: 'count',
      help: 'training runs per night at least, those of baselines included',
      default: 120,
    },
    candidates: { kind: 'count', help: 'candidates per night at least', default: 60 },
    finals: { kind: 'count', help: 'fresh runs of what a night ended with', default: 12 },
    search: { kind: 'texts', help: 'which searches', default: ['ours', 'single steps'] },
    log: { kind: 'flag', help: 'print each candidate on standard error' },
  },
})

const EDITABLE = ['train.py', 'model.py', 'config/train_shakespeare_char.py']
const SEARCHES: Record<string, (random: () => number) => Proposer> = {
  ours: (random) => createKnobsProposer({}, random, console),
  'single steps': createSingleStepProposer,
}

async function readClone(clone: string): Promise<Map<string, string>> {
  const paths = (await readdir(clone, { recursive: true })).filter((path) => path.endsWith('.py'))
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(clone, path), 'utf8')] as const)),
  )
}

async function spend(search: string, repetition: number, files: Map<string, string>, training: Training) {
  const seed = options.seed + repetition
  const random = aRandom(seed)
  const proposer = SEARCHES[search]?.(random)
  const train = `python train.py ${ARGUMENTS.join(' ')}`
  const night = new Night({ training, files, editable: EDITABLE, train, rootSeed: `nanogpt ${seed}` })
  while (proposer && (night.runs < options.runs || night.decided.length < options.candidates)) {
    if (!(await night.step(proposer))) break
    const last = night.decided.at(-1)
    if (options.log && last) console.error(`${search} ${night.runs} runs: ${describe(last)}`)
  }
  const finals: number[] = []
  for (let index = 0; index < options.finals; index++)
    finals.push((await training.run(night.files, 1e6 + index)).value ?? Number.NaN)
  return { night, finals }
}

if (options.clone === undefined) {
  console.error(
    'bench:nanogpt: --clone is missing\n→ Clone karpathy/nanoGPT, run data/shakespeare_char/prepare.py, and pass its folder.',
  )
  process.exit(2)
}
const files = await readClone(options.clone)
const training = await startTraining(options.clone, options.python ?? 'python3')
const output = new Output('nanogpt', options)
const rows = []
const ends = new Map<string, number[]>()
for (let repetition = 0; repetition < options.repetitions; repetition++)
  for (const search of options.search) {
    const { night, finals } = await spend(search, repetition, files, training)
    const { mean, error } = meanAndError(finals)
    ends.set(search, [...(ends.get(search) ?? []), ...finals])
    rows.push({
      search,
      repetition,
      runs: night.runs,
      deviceSeconds: round(night.seconds, 1),
      candidates: night.decided.length,
      merges: night.state.baselines.length - 1,
      withoutEffect: night.withoutEffect.length,
      withoutEffectPercent: round(percent(night.withoutEffect.length, night.decided.length), 1),
      loss: round(mean, 4),
      standardError: round(error, 4),
    })
  }
await training.end()
output.table('rows', 'Validation loss at the end of each night, mean of fresh runs', rows)
const [ours = [], before = []] = ends.values()
const lead = meanAndError(
  before.length === ours.length ? ours.map((value, index) => (before[index] ?? 0) - value) : [],
)
output.fact('lead', round(lead.mean, 4))
output.fact('leadStandardErrors', round(ratio(lead.mean ?? Number.NaN, lead.error ?? Number.NaN), 1))
output.end()
