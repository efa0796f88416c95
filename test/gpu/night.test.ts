// The whole loop on a GPU: the built action researches examples/nanogpt at two scales, with pull requests on a loopback GitHub, guards
// and a promotion. What is said of it in docs/gpu.md is what this prints.
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { type GitHub, startGitHub } from '../loopback-github/index.ts'
import type { ScriptedConversation } from '../model/script.ts'
import { startModel } from '../model/server.ts'
import { startJob } from '../runner.ts'
import { aDirectory } from '../scaffold.ts'
import { SKIP, saw } from './gpu-lab.ts'

const EXAMPLE = join(import.meta.dirname, '../../examples/nanogpt')
const CONFIG = '.github/autoresearch.yml'
const REPOSITORY = 'you/nanogpt'
/** Trains without compilation, which takes longer than these budgets, at a rate that is far too low. */
const EDITS = [
  ['torch.compile(model) if CUDA and hasattr(torch, "compile") else model', 'model'],
  ['    LEARNING_RATE = 1e-3', '    LEARNING_RATE = 1e-5'],
  ['    DEPTH = 8', '    DEPTH = int(os.environ.get("LAYERS", 8))'],
] as const
const FIELDS = {
  scales: [
    { name: 'l8', budget: '10s', timeout: '90s' },
    { name: 'l12', train: 'LAYERS=12 python3 train.py', budget: '10s', timeout: '90s', after: { merges: 1 } },
  ],
  promote: { to: 'main', as: 'pull-request' },
  guards: [{ name: 'vram_mib', direction: 'minimize', measure: 'device-memory', margin: '10%', max: 25_000 }],
  replicates: { baseline: 3, candidate: 3 },
  'review-above': '1000%',
  'aa-every': 'never',
  cut: 'none',
}
const IDEAS = [
  ['Learn at a usual rate', '    LEARNING_RATE = 1e-5', '    LEARNING_RATE = 1e-3'],
  ['Learn from four times as much in a step', '    BATCH = 64', '    BATCH = 256'],
  ['Learn from more than the device holds', '    BATCH = 64', '    BATCH = 65536'],
  ['Look at one byte only', '        x = x + self.attention(self.attention_norm(x), angles)\n', ''],
] as const

function conversation([title, search, replace]: (typeof IDEAS)[number]): ScriptedConversation {
  const edit = { name: 'edit_file', arguments: { path: 'train.py', search, replace } }
  const submit = {
    name: 'submit',
    arguments: {
      title,
      hypothesis: `${title}: more is learned in the budget.`,
      category: 'optimizer',
      expected_effect: 'lower val_bpb',
    },
  }
  return { label: title, answers: [{ toolCalls: [edit] }, { toolCalls: [submit] }] }
}

async function aRepository(github: GitHub, modelUrl: string, directory: string): Promise<void> {
  const source = join(directory, 'nanogpt')
  await cp(EXAMPLE, source, { recursive: true, filter: (path) => !/__pycache__|\.data$/.test(path) })
  const [script, config] = [join(source, 'train.py'), join(source, CONFIG)]
  let text = await readFile(script, 'utf8')
  for (const [search, replace] of EDITS) {
    expect(text.split(search)).toHaveLength(2)
    text = text.replace(search, replace)
  }
  await writeFile(script, text)
  const { train: _, budget: __, timeout: ___, ...rest } = parse(await readFile(config, 'utf8'))
  const proposers = [{ kind: 'openai', model: 'scripted', 'base-url': modelUrl }]
  await writeFile(config, stringify({ ...rest, train: 'python3 train.py', ...FIELDS, proposers }))
  await github.createRepository(REPOSITORY, { from: source, allowActionsToCreatePullRequests: true })
}

/** Variables by which this machine's Python and driver are found. */
function machineVariables(): Record<string, string> {
  const names = ['LD_LIBRARY_PATH', 'VIRTUAL_ENV', 'CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES']
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}

test.skipIf(SKIP)(
  '16 a night merges what learns more, refuses what takes too much memory, and promotes to a larger model',
  async () => {
    const directory = await aDirectory()
    const [github, model] = await Promise.all([
      startGitHub(),
      startModel({ conversations: IDEAS.map(conversation) }),
    ])
    onTestFinished(async () => {
      await Promise.all([github.close(), model.close()])
    })
    await aRepository(github, model.baseUrl, directory)
    const permissions = { contents: 'write', pull_requests: 'write', checks: 'write' } as const
    const token = github.issueToken({ repository: REPOSITORY, kind: 'actions', permissions })
    const job = async (inputs: Record<string, string>) => {
      const started = await startJob({
        serverUrl: github.url,
        apiUrl: github.apiUrl,
        repository: REPOSITORY,
        checkoutToken: token,
        inputs: { token, 'openai-api-key': 'sk-loopback', ...inputs },
        directory,
        toolCache: join(directory, 'tool-cache'),
        environment: machineVariables(),
        onLine: (line) =>
          console.log(`${((performance.now() - begun) / 1000).toFixed(0).padStart(4)}  ${line}`),
      })
      return started.finished
    }
    const begun = performance.now()
    const night = await job({ command: 'run', candidates: String(IDEAS.length), 'time-budget': '25m' })
    const { pulls, checkRuns, gitDir } = github.repository(REPOSITORY)
    const checkOf = (title: string) => {
      const sha = pulls.find((pull) => pull.title === title)?.head.sha
      return checkRuns.filter(({ headSha }) => headSha === sha).at(-1)?.output
    }
    for (const [title] of IDEAS) saw(16, `${title}: ${checkOf(title)?.title}\n${checkOf(title)?.summary}`)
    for (const { title, base, body } of pulls) if (base.ref === 'main') saw(16, `${title}\n${body}`)
    saw(16, night.outputs.summary ?? 'no summary')
    expect(night.exitCode, night.log).toBe(0)
    expect(night.log).not.toContain('it ran on the processor')
    const merged = pulls.filter((pull) => pull.merged).map(({ title }) => title)
    expect(merged).toEqual(['Learn at a usual rate'])
    expect(checkOf(IDEAS[1][0])?.summary).toContain('above its maximum of 25000')
    expect(checkOf(IDEAS[2][0])?.summary).toContain('out of memory')
    const { stdout: tags } = await execa('git', ['-C', gitDir, 'tag'])
    expect(tags).toBe('autoresearch/l12/1')
    expect(github.violations).toEqual([])
  },
  900_000,
)
