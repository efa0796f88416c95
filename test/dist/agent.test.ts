// A coding agent in the built action: its key comes from the workflow, reaches the agent, and reaches nobody else.
import { execaSync } from 'execa'
import { expect, it } from 'vitest'
import { REPOSITORY, startResearch } from './research.ts'

const installed = execaSync('bwrap', ['--version'], { reject: false }).exitCode === 0
const sandboxed = it.skipIf(!installed && process.env.CI !== 'true')

const KEY = 'sk-agent-1234567890'
/** Fails where the key is to be found, under whatever name. */
const GUARD = `if (Object.values(process.env).some((value) => value.includes('sk-' + 'agent'))) process.exit(1);`
const AGENT = {
  kind: 'command',
  name: 'sed',
  run: [
    `test "$(printf %s "$AGENT_KEY" | wc -c)" = ${KEY.length} || exit 1`,
    `{ printf '%s\\n' "$GUARD"; sed 's/LEARNING_RATE = 0.1/LEARNING_RATE = 0.4/' train.mjs; } > "$TMPDIR/train.mjs"`,
    'cat "$TMPDIR/train.mjs" > train.mjs',
    "printf 'TITLE: Learn faster\\nCATEGORY: optimizer\\n'",
  ].join('; '),
  hosts: ['model.example'],
  secrets: ['AGENT_KEY'],
  env: { GUARD },
}
const CONFIG = { proposers: [AGENT], sandbox: 'bubblewrap' }

sandboxed('its change is trained without its key, and merged', async () => {
  await using research = await startResearch([], CONFIG)
  const inputs = { command: 'run', candidates: '1', 'agent-environment': `AGENT_KEY=${KEY}` }
  const job = await research.run(inputs)
  expect(job.exitCode, job.log).toBe(0)
  const { pulls } = research.github.repository(REPOSITORY)
  expect(pulls.map(({ title, merged }) => ({ title, merged }))).toEqual([
    { title: 'Learn faster', merged: true },
  ])
  expect(JSON.stringify(await research.ledger())).toContain('"proposer":"command sed"')
})

it.concurrent('a key that the workflow does not give is asked for by its name', async () => {
  await using research = await startResearch([], CONFIG)
  const job = await research.run({ command: 'propose', candidates: '1' })
  expect(job.exitCode).toBe(1)
  expect(job.log).toContain('agent sed needs AGENT_KEY, which the workflow does not provide')
  expect(job.log).toMatch(/AGENT_KEY=\$\{\{ secrets\.AGENT_KEY \}\}/)
})
