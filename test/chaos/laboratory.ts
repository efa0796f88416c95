// The repository of a night: eight ideas, each in a file of its own, so that whatever is merged in whatever order, every idea is
// worth the same. And the model that has these ideas.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { type Model, startModel } from '../model/server.ts'

interface Idea {
  title: string
  file: string
  /** What the file says instead of 0, and more. */
  value: string
  verdict: 'merge' | 'reject'
}

const idea = (file: string, value: string, verdict: Idea['verdict']): Idea => ({
  title: `Change ${file} to ${value}`,
  file,
  // With words of its own, so that no idea is similar to another.
  value: `${value}\nwhy_${file}="${file} is ${value} because of ${file}"`,
  verdict,
})

export const IDEAS: readonly Idea[] = [
  idea('alpha', '0.2', 'reject'),
  idea('beta', '-0.11', 'merge'),
  idea('gamma', '0.3', 'reject'),
  idea('delta', '-0.09', 'merge'),
  idea('epsilon', '7; exit 3', 'reject'),
  idea('zeta', '-0.13', 'merge'),
  idea('eta', '0.15', 'reject'),
  idea('theta', '-0.1', 'merge'),
]

/** A person who merges it breaks the baseline. */
export const CRASHING = 'Change epsilon to 7; exit 3'

const METRIC = { name: 'val_loss', direction: 'minimize', pattern: '^val_loss: (\\S+)', bounds: [0, 100] }

/**
 * The loss is a sum over the files, and a little noise by the seed. It sleeps, because on a busy machine a run of a few
 * milliseconds takes ten times as long as the next one, and a candidate whose training ends far too soon waits for a person.
 */
const TRAIN = `sleep 0.4
${IDEAS.map(({ file }) => `. ./${file}.sh`).join('\n')}
awk -v seed="$AUTORESEARCH_SEED" -v sum="${IDEAS.map(({ file }) => `$${file}`).join(' ')}" 'BEGIN {
  count = split(sum, terms, " ")
  loss = 5 + 0.005 * sin(seed)
  for (term = 1; term <= count; term += 1) loss += terms[term]
  printf "val_loss: %.6f\\n", loss
}'
`

export const CONFIG_PATH = '.github/autoresearch.yml'

/** @param modelUrl whom to ask for ideas */
function configText(modelUrl: string): string {
  return stringify({
    editable: IDEAS.map(({ file }) => `${file}.sh`),
    train: 'sh train.sh',
    sandbox: 'none',
    budget: '10m',
    metric: METRIC,
    replicates: { baseline: 3, candidate: 4 },
    'aa-every': 'never',
    certify: { every: 'never' },
    search: { 'structural-share': 0, novelty: 1 },
    limits: { candidates: IDEAS.length, waiting: 3 },
    proposers: [{ kind: 'openai', model: 'scripted', 'base-url': modelUrl }],
  })
}

export async function writeFiles(directory: string, modelUrl: string): Promise<void> {
  const files: Record<string, string> = {
    'train.sh': TRAIN,
    'README.md': '# A night\n',
    [CONFIG_PATH]: configText(modelUrl),
    ...Object.fromEntries(IDEAS.map(({ file }) => [`${file}.sh`, `${file}=0\n`])),
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
  }
}

/**
 * Has the first idea that its brief does not tell of. It remembers nothing, so that jobs may ask it again.
 *
 * @param onAsked is told with which key
 */
export function startIdeas(onAsked: (key: string | undefined) => void): Promise<Model> {
  const answer = (messages: readonly { role: string; content?: unknown }[]) => {
    const told = JSON.stringify(messages)
    const next = IDEAS.find(({ title }) => !told.includes(title))
    if (!next) return { content: 'I have no more ideas.' }
    const { title, file, value } = next
    const submit = { title, hypothesis: `${title}.`, category: 'optimizer', expected_effect: 'lower loss' }
    return {
      toolCalls: [
        {
          name: 'edit_file',
          arguments: { path: `${file}.sh`, search: `${file}=0`, replace: `${file}=${value}` },
        },
        { name: 'submit', arguments: submit },
      ],
    }
  }
  const conversations = Array.from({ length: 1000 }, () => ({ answers: [answer] }))
  return startModel({ conversations, onAnswer: ({ key }) => onAsked(key) })
}
