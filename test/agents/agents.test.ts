// Real coding agents by their recipes in docs/agents.md, in the sandbox, against a scripted model: `npm run test:agents`.
import { expect, onTestFinished, test } from 'vitest'
import { createCommandProposer } from '../../src/adapters/command/command.ts'
import { SKIP } from '../adapters/sandbox-lab.ts'
import { aProposalRequest } from '../factories.ts'
import { ANSWER_TOKENS, startAgentServer } from '../model/agent-server.ts'
import { foldersOf, installCommand, installed, KNOWN, recipeOf } from './recipes.ts'

const SUBMIT = {
  title: 'Double the learning rate',
  hypothesis: 'The loss still falls at the end.',
  category: 'hyperparameter',
  expected_effect: '-0.01',
}
const HAND_IN = `sed -i 's/lr = 1/lr = 2/' train.py && printf %s '${JSON.stringify(SUBMIT)}' > "$AUTORESEARCH_PROPOSAL"`
const SECONDS = 240

/** The job that installs them sets this, so that none is left out there. */
const mustBeThere = process.env.AGENTS_INSTALLED === 'true'

for (const agent of KNOWN) {
  const path = installed(agent)
  const isMissing = path === undefined && !mustBeThere
  if (isMissing) console.warn(`Skipped without ${agent.heading}: ${installCommand(agent)}`)
  test.skipIf(SKIP || isMissing)(
    `${agent.heading} proposes what its model says, and its tokens are counted`,
    { timeout: (SECONDS + 30) * 1000 },
    async () => {
      const server = await startAgentServer({
        command: HAND_IN,
        ...(agent.answer && { text: agent.answer }),
      })
      onTestFinished(() => server.close())
      const { run, env, secrets } = agent.redirect(recipeOf(agent), server.origin)
      const proposer = createCommandProposer(
        {
          name: agent.program,
          run,
          hosts: [server.host],
          secrets: Object.fromEntries(secrets.map((name) => [name, 'sk-agent-1234567890'])),
          env,
          read: foldersOf(agent, path),
          timeoutSeconds: SECONDS,
        },
        { environment: { PATH: `${path}:${process.env.PATH}` }, jobSecrets: [] },
      )
      const files = new Map([['train.py', 'lr = 1\n']])
      const result = await proposer.propose(aProposalRequest({ files, editable: ['train.py'] }))
      expect(result).toMatchObject({
        kind: 'proposal',
        proposal: { title: SUBMIT.title, files: new Map([['train.py', 'lr = 2\n']]) },
      })
      const turns = agent.answer === undefined ? 2 : 1
      expect(result.usage.inputTokens).toBeGreaterThanOrEqual(turns * ANSWER_TOKENS.input)
      expect(result.usage.outputTokens).toBeGreaterThanOrEqual(turns * ANSWER_TOKENS.output)
    },
  )
}
