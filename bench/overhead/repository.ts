// A repository whose training sleeps, and a model that has an idea for it every few seconds.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { ScriptedConversation } from '../../test/model/script.ts'

/** Each idea changes a place of its own, so that two that are merged do not conflict. */
const PLACES = 64
/** One idea in so many is better than the baseline, all others are worse. */
const GOOD_EVERY = 6

export interface Sleeping {
  trialSeconds: number
  candidates: number
  sandbox: string
  modelUrl: string
}

export async function writeRepository(directory: string, options: Sleeping): Promise<void> {
  await mkdir(join(directory, '.github'), { recursive: true })
  const { trialSeconds, candidates, sandbox, modelUrl } = options
  const config = {
    editable: ['train.mjs'],
    train: 'node train.mjs',
    budget: `${trialSeconds}s`,
    timeout: `${2 * trialSeconds + 20}s`,
    metric: { name: 'val_loss', direction: 'minimize', pattern: '^val_loss: (\\S+)' },
    proposers: [{ kind: 'openai', model: 'scripted', 'base-url': modelUrl }],
    limits: { candidates },
    sandbox,
  }
  await writeFile(join(directory, '.github/autoresearch.yml'), stringify(config))
  await writeFile(join(directory, 'train.mjs'), trainingProgram(trialSeconds))
}

function trainingProgram(seconds: number): string {
  const places = Array.from({ length: PLACES }, (_, index) => [placeOf(index), '//', '//', '//', '//'])
  return [
    "import { setTimeout as wait } from 'node:timers/promises'",
    'const seed = Number(process.env.AUTORESEARCH_SEED)',
    'let loss = 1 + ((Math.sin(seed) * 10000) % 1) * 0.001',
    ...places.flat(),
    `await wait(${1000 * seconds})`,
    'console.log("val_loss: " + loss.toFixed(6))',
    '',
  ].join('\n')
}

const placeOf = (index: number) => `// place ${index % PLACES}.`

/** @param latencies seconds that the model takes for each idea */
export function ideas(latencies: readonly number[]): ScriptedConversation[] {
  return latencies.map((seconds, index) => {
    const effect = index % GOOD_EVERY === GOOD_EVERY - 1 ? -0.1 : 0.02
    const name = `idea${index}${'abcdefghijklmnop'[index % 16]}`
    const lines = Array.from(
      { length: 2 + (index % 7) },
      (_, line) => `${name}.push(Math.cos(${index} + ${line}))`,
    )
    const added = [`const ${name} = []`, ...lines, `loss += ${name}.length > 0 ? ${effect} : 0`]
    const search = placeOf(index)
    const edit = { path: 'train.mjs', search, replace: [search, ...added].join('\n') }
    const submit = {
      title: `Try ${name}`,
      hypothesis: `${name} helps.`,
      category: 'architecture',
      expected_effect: 'lower loss',
    }
    return {
      label: name,
      answers: [
        { toolCalls: [{ name: 'edit_file', arguments: edit }], delayMs: 1000 * seconds },
        { toolCalls: [{ name: 'submit', arguments: submit }] },
      ],
    }
  })
}
