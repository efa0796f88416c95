// A real coding agent, OpenCode, by its recipe in docs/agents.md. Its model is the loopback one.
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { INSIDE } from '../../src/adapters/command/bridge.ts'
import { createCommandProposer } from '../../src/adapters/command/command.ts'
import { aProposalRequest } from '../factories.ts'
import { startModel } from '../model/server.ts'
import { SKIP } from './sandbox-lab.ts'

/** Where CI puts it. */
const AGENTS = join(import.meta.dirname, '../../out/ci/agents/node_modules')
const KEY = 'sk-agent-1234567890'
const TRAIN = `${INSIDE.tree}/train.py`
const SUBMIT = {
  title: 'Double the learning rate',
  hypothesis: 'The loss still falls at the end.',
  category: 'hyperparameter',
  expected_effect: '-0.01',
}

function findOpenCode(): string | undefined {
  const packages = existsSync(AGENTS)
    ? readdirSync(AGENTS).filter((name) => name.startsWith('opencode-'))
    : []
  const folders = [
    ...packages.map((name) => join(AGENTS, name, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  return folders.map((folder) => join(folder, 'opencode')).find((file) => existsSync(file))
}

const openCode = findOpenCode()
const isMissing = openCode === undefined && process.env.CI !== 'true'
if (isMissing)
  console.warn(
    'Skipped without OpenCode: npm install --prefix out/ci/agents opencode-linux-x64-baseline@1.18.33',
  )

test.skipIf(SKIP || isMissing)('OpenCode proposes what its model says', { timeout: 180_000 }, async () => {
  const say = `printf %s '${JSON.stringify(SUBMIT)}' > "$AUTORESEARCH_PROPOSAL"`
  const model = await startModel({
    isForeign: true,
    apiKey: KEY,
    conversations: [
      {
        answers: [
          { toolCalls: [{ name: 'read', arguments: { filePath: TRAIN } }] },
          {
            toolCalls: [
              { name: 'edit', arguments: { filePath: TRAIN, oldString: 'lr = 1', newString: 'lr = 2' } },
            ],
          },
          { toolCalls: [{ name: 'bash', arguments: { command: say, description: 'Hand in' } }] },
          { content: 'Done.' },
        ],
      },
    ],
  })
  onTestFinished(() => model.close())
  const options = { baseURL: model.baseUrl, apiKey: '{env:MODEL_KEY}' }
  const provider = { local: { npm: '@ai-sdk/openai-compatible', options, models: { m: {} } } }
  const proposer = createCommandProposer(
    {
      name: 'opencode',
      run: 'opencode run --pure --auto --title research --model local/m "$AUTORESEARCH_BRIEF"',
      hosts: [new URL(model.baseUrl).host],
      secrets: { MODEL_KEY: KEY },
      env: {
        OPENCODE_CONFIG_CONTENT: JSON.stringify({ provider, autoupdate: false }),
        OPENCODE_DISABLE_MODELS_FETCH: '1',
      },
      read: [],
      timeoutSeconds: 150,
    },
    { environment: { PATH: `${dirname(openCode ?? '')}:${process.env.PATH}` }, jobSecrets: [] },
  )
  const files = new Map([
    ['train.py', 'lr = 1\n'],
    ['eval.py', 'score()\n'],
  ])
  expect(await proposer.propose(aProposalRequest({ files, brief: 'Beat 2.5.' }))).toMatchObject({
    kind: 'proposal',
    proposal: { title: SUBMIT.title, files: new Map([['train.py', 'lr = 2\n']]) },
  })
  expect(JSON.stringify(model.requests[0]?.messages)).toContain('Beat 2.5.')
})
