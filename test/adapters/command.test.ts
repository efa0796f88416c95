// A coding agent as a proposer: the stand-in in a real sandbox, and what agents do that they must not.
import { randomUUID } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { INSIDE } from '../../src/adapters/command/bridge.ts'
import { type CommandSettings, createCommandProposer } from '../../src/adapters/command/command.ts'
import type { FileEdits } from '../../src/core/record/candidate.ts'
import type { ProposalRequest, ProposalResult } from '../../src/ports/proposer.ts'
import { aProposalRequest } from '../factories.ts'
import { startModel } from '../model/server.ts'
import { aDirectory } from '../scaffold.ts'
import { SKIP, scratch, survivors } from './sandbox-lab.ts'

const AGENTS = join(import.meta.dirname, '../fixtures/agents')
const STAND_IN = `${INSIDE.node} ${AGENTS}/stand-in.mjs`
const KEY = 'sk-agent-1234567890'
const TOKEN = 'ghs_job-1234567890'
const FILES = new Map([
  ['train.py', 'lr = 1\n'],
  ['lib/model.py', 'width = 64\n'],
  ['eval.py', 'score()\n'],
])
const SUBMIT = {
  title: 'Double the learning rate',
  hypothesis: 'The loss still falls at the end.',
  category: 'hyperparameter',
  expected_effect: '−0.01',
}
/** The change that every attempt below would have made. */
const EDIT = 'sed -i "s/lr = 1/lr = 2/" train.py'

function aProposer(settings: Partial<CommandSettings>) {
  return createCommandProposer(
    {
      name: 'stand-in',
      run: EDIT,
      hosts: ['model.example'],
      secrets: { MODEL_KEY: KEY },
      env: {},
      read: [AGENTS],
      timeoutSeconds: 30,
      ...settings,
    },
    {
      environment: { PATH: process.env.PATH ?? '', GITHUB_TOKEN: TOKEN, INPUT_TOKEN: TOKEN },
      jobSecrets: [TOKEN],
    },
  )
}

const aRequest = (fields: Partial<ProposalRequest> = {}) =>
  aProposalRequest({ files: FILES, editable: ['train.py', 'lib/model.py'], ...fields })

async function attempt(
  run: string,
  settings: Partial<CommandSettings> = {},
  request: Partial<ProposalRequest> = {},
): Promise<ProposalResult> {
  return aProposer({ run, ...settings }).propose(aRequest(request))
}

const reasonOf = (result: ProposalResult) => (result.kind === 'nothing' ? result.reason : `${result.kind}`)
const filesOf = (result: ProposalResult) =>
  result.kind === 'proposal' ? Object.fromEntries(result.proposal.files) : reasonOf(result)

/** A run that prints what it sees, and therefore fails. */
const seen = async (run: string, settings: Partial<CommandSettings> = {}) =>
  reasonOf(await attempt(`(${run}) 2>&1 | tail -c 190; exit 9`, settings))

describe.skipIf(SKIP)('a coding agent', () => {
  test('calls its model, edits files, and its changes are the proposal', async () => {
    const model = await startModel({
      apiKey: KEY,
      conversations: [
        {
          answers: [
            {
              toolCalls: [
                { name: 'edit_file', arguments: { path: 'train.py', search: '1', replace: '2' } },
                { name: 'submit', arguments: { ...SUBMIT, usage: { input_tokens: 90, output_tokens: 7 } } },
              ],
            },
          ],
        },
      ],
    })
    onTestFinished(() => model.close())
    const { host } = new URL(model.baseUrl)
    const env = { MODEL_URL: `${model.baseUrl}/chat/completions` }
    const result = await attempt(STAND_IN, { env, hosts: [host] }, { brief: 'Beat 2.5.' })
    expect(result).toEqual({
      kind: 'proposal',
      proposal: {
        title: SUBMIT.title,
        hypothesis: SUBMIT.hypothesis,
        category: SUBMIT.category,
        expectedEffect: SUBMIT.expected_effect,
        files: new Map([['train.py', 'lr = 2\n']]),
      },
      usage: { inputTokens: 90, outputTokens: 7, dollars: 0 },
    })
    expect(String(model.requests[0]?.messages[0]?.content)).toContain('Beat 2.5.')
    expect(model.violations).toEqual([])
  })

  test('F72 finds executables executable, and may add, delete and rename what is editable', async () => {
    const request = {
      files: new Map([...FILES, ['lib/run.sh', '#!/bin/sh\necho 2\n']]),
      editable: ['train.py', 'lib/model.py', 'lib/run.sh'],
      addable: ['train.py', 'lib/**'],
      executable: ['lib/run.sh'],
    }
    const run =
      'sed -i "s/lr = 1/lr = $(./lib/run.sh)/" train.py; mv lib/model.py lib/net.py; chmod -x lib/run.sh'
    expect(filesOf(await attempt(run, {}, request))).toEqual({
      'train.py': 'lr = 2\n',
      'lib/net.py': 'width = 64\n',
      'lib/model.py': null,
    })
    expect(filesOf(await attempt('touch new.py', {}, request))).toContain('"new.py" was added, but is not')
  })

  test('that says nothing is described by the end of its output', async () => {
    const run = `${EDIT}; printf 'Looking around.\\n\\nTITLE: Double lr\\nHYPOTHESIS: It still falls.\\n'`
    expect(await attempt(run)).toMatchObject({
      kind: 'proposal',
      proposal: { title: 'Double lr', hypothesis: 'It still falls.', category: 'hyperparameter' },
    })
  })

  test('reads about earlier candidates in a folder', async () => {
    const past = {
      search: async ({ effect = 'any' }) => ({ text: `- 1a2b3c4d ${effect}`, ids: ['1a2b3c4d'] }),
      read: async (id: string, part: string) => `${part} of ${id}`,
    }
    const run =
      'cat $AUTORESEARCH_PAST/index.md > train.py; cat $AUTORESEARCH_PAST/1a2b3c4d.md > lib/model.py'
    expect(filesOf(await attempt(run, {}, { past }))).toEqual({
      'train.py':
        '# Best\n\n- 1a2b3c4d better\n\n# Newest\n\n- 1a2b3c4d any\n\n# Failed\n\n- 1a2b3c4d failed\n',
      'lib/model.py': 'diff of 1a2b3c4d\n\nlog of 1a2b3c4d\n',
    })
    expect(await seen('echo no >> $AUTORESEARCH_PAST/index.md')).toContain('Read-only file system')
  })

  test('hears of a failed quick check in its next attempt', async () => {
    const proposer = aProposer({ run: 'cp "$AUTORESEARCH_BRIEF_FILE" train.py' })
    const check = async (files: FileEdits) => ({ passed: files.size === 0, text: 'SyntaxError: line 3' })
    const request = aRequest({ check, checks: ['python -m py_compile train.py'] })
    expect(reasonOf(await proposer.propose(request))).toContain('The quick checks fail: SyntaxError: line 3')
    const { 'train.py': task } = filesOf(await proposer.propose(aRequest())) as Record<string, string>
    expect(task).toContain('SyntaxError: line 3')
  })

  test('is not refused by a check that fails without its change as well', async () => {
    const check = async () => ({ passed: false, text: 'no module torch' })
    expect(await attempt(EDIT, {}, { check, checks: ['python -c "import torch"'] })).toMatchObject({
      kind: 'proposal',
    })
  })

  test('also finds a long task in a file', async () => {
    const brief = `${'é'.repeat(150_000)} the end`
    const run = `tail -c 8 "$AUTORESEARCH_BRIEF_FILE" > train.py; printf %s "$AUTORESEARCH_BRIEF" | tail -c 60 > lib/model.py`
    const files = filesOf(await attempt(run, {}, { brief }))
    expect(files).toMatchObject({ 'train.py': ' the end' })
    expect(files).toHaveProperty('lib/model.py', expect.stringContaining(INSIDE.brief))
  })

  test.each([
    ['changes nothing', 'echo thinking', /^it changed nothing; end of its output: thinking$/],
    ['takes its edit back', `${EDIT}; sed -i "s/lr = 2/lr = 1/" train.py`, /^it changed nothing$/],
    [
      'fails',
      `${EDIT}; echo "no credit left" >&2; exit 3`,
      /^exit code 3; end of its output: no credit left$/,
    ],
    [
      'F57 edits the evaluator',
      `${EDIT}; echo cheat > eval.py`,
      /"eval.py" was changed, but is not editable\./,
    ],
    ['deletes a file', `${EDIT}; rm eval.py`, /"eval.py" was deleted, but is not editable\./],
    ['deletes a folder', `${EDIT}; rm -r lib`, /"lib\/model.py" was deleted, but is not editable\./],
    ['adds a file', `${EDIT}; echo x > numpy.py`, /"numpy.py" was added, but is not editable\./],
    ['F62 leaves a link', 'ln -sf /etc/passwd train.py', /"train.py" is not a readable plain file/],
    [
      'F62 leaves a link in the place of a folder',
      'mv lib x; ln -s /etc lib',
      /"lib\/model.py" was deleted, but is not editable\./,
    ],
    ['F62 leaves a pipe', 'rm train.py; mkfifo train.py', /"train.py" is not a readable plain file/],
    [
      'F62 leaves a huge file',
      'head -c 900000 /dev/zero > train.py',
      /"train.py" is not a readable plain file/,
    ],
    ['leaves bytes that are no text', "printf '\\377\\376' > train.py", /"train.py" is not UTF-8 text\./],
    ['F62 leaves a link as its word', `${EDIT}; ln -s /etc/passwd "$AUTORESEARCH_PROPOSAL"`, /^proposal$/],
    [
      'describes it in the wrong format',
      `${EDIT}; echo '{"title":1}' > "$AUTORESEARCH_PROPOSAL"`,
      /wrong format/,
    ],
    [
      'F68 writes its key into the code',
      `echo "key = '$MODEL_KEY'" > train.py`,
      /contains a secret of this job/,
    ],
  ])('that %s', async (_what, run, reason) => {
    expect(reasonOf(await attempt(run.replace('$MODEL_KEY', KEY)))).toMatch(reason)
  })

  test('F62 that puts a link in the place of its folder shows nothing of the machine', async () => {
    const machine = scratch()
    writeFileSync(join(machine, 'train.py'), 'a secret of the machine')
    const result = await attempt(`mv ../tree ../moved; ln -s ${machine} ../tree`)
    expect(reasonOf(result)).toMatch(/^refused: The folder is empty or cannot be read\./)
  })

  test('that adds a file is refused, however much litter hides it', async () => {
    const run = `${EDIT}; mkdir .cache; (cd .cache; seq 300 | xargs touch); echo x > z.py`
    expect(reasonOf(await attempt(run))).toContain('"z.py" was added')
  })

  test('may leave what agents and interpreters leave', async () => {
    const run = `${EDIT}; mkdir .agent __pycache__; touch .agent/log __pycache__/a.pyc`
    expect(filesOf(await attempt(run))).toEqual({ 'train.py': 'lr = 2\n' })
  })

  test('F56 that plants a repository with hooks gives nothing to git', async () => {
    const run = `${EDIT}; mkdir -p .git/hooks; echo "[core] fsmonitor = touch /tmp/planted" > .git/config`
    expect(filesOf(await attempt(run))).toEqual({ 'train.py': 'lr = 2\n' })
  })

  test('is told at its next attempt why the last one was refused', async () => {
    const proposer = aProposer({
      run: `cp "$AUTORESEARCH_BRIEF_FILE" train.py; test -e /nowhere || echo x > lib/model.py`,
    })
    const review = () => ['The change is a twin of 1a2b.']
    expect(reasonOf(await proposer.propose(aRequest({ review })))).toBe(
      'refused: The change is a twin of 1a2b.',
    )
    const { 'train.py': task } = filesOf(await proposer.propose(aRequest())) as Record<string, string>
    expect(task).toContain('was refused\n\n```\nThe change is a twin of 1a2b.')
  })

  test('that explains why a request cannot be fulfilled is recorded, only if there is a request', async () => {
    const run = `printf 'Looking around.\\n\\nCANNOT: there is no matrix\\nin this model.\\n'`
    expect(await attempt(run, {}, { personRequest: 'Use Muon' })).toMatchObject({
      kind: 'nothing',
      cause: 'cannot',
      reason: 'there is no matrix in this model.',
    })
    expect(await attempt(run)).not.toHaveProperty('cause')
  })

  test('that does not exist is unreachable, so the request stays open', async () => {
    expect(await attempt('no-such-agent')).toMatchObject({ kind: 'nothing', cause: 'unreachable' })
    expect(await attempt('exit 3')).not.toHaveProperty('cause')
  })

  test('that fails is paid for all the same', async () => {
    const word = JSON.stringify({ ...SUBMIT, usage: { input_tokens: 90 } })
    const result = await attempt(`printf %s '${word}' > "$AUTORESEARCH_PROPOSAL"; exit 3`)
    expect(result).toMatchObject({ kind: 'nothing', usage: { inputTokens: 90 } })
  })

  test('F68 whose words hold a secret is quoted without it', async () => {
    const run = `${EDIT}; printf 'TITLE: Use %s\\nHYPOTHESIS: %s\\n' "$MODEL_KEY" ${TOKEN}`
    const result = await attempt(run)
    expect(result).toMatchObject({ kind: 'proposal', proposal: { title: 'Use ***', hypothesis: '***' } })
    expect(reasonOf(await attempt('echo "$MODEL_KEY"'))).toBe('it changed nothing; end of its output: ***')
    const hidden = `${EDIT}; printf 'TITLE: %s\\342\\200\\213%s\\n' ${KEY.slice(0, 9)} ${KEY.slice(9)}`
    expect(await attempt(hidden)).toMatchObject({ kind: 'proposal', proposal: { title: '***' } })
  })
})

describe.skipIf(SKIP)('the sandbox of a coding agent', () => {
  test('F54 holds its own key, nothing else of the job, and no key in a list of arguments', async () => {
    expect(await seen('env | grep -c -e ^GITHUB_ -e ^INPUT_ -e ghs_')).toBe(
      'exit code 9; end of its output: 0',
    )
    expect(await seen('printf %s "$MODEL_KEY" | wc -c')).toBe(`exit code 9; end of its output: ${KEY.length}`)
    const looking = `tr '\\0' ' ' < /proc/1/cmdline | grep -c ${KEY.slice(0, 8)}`
    expect(await seen(looking)).toBe('exit code 9; end of its output: 0')
  })

  test('F55 reaches nobody but its hosts, by name or by address', async () => {
    const other = createServer((connection) => connection.end('secret of the machine\n'))
    await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void other.close())
    const address = other.address()
    const port = typeof address === 'object' ? address?.port : 0
    const direct = `${INSIDE.node} -e "
      require('net').connect(${port}, '127.0.0.1').on('error', (e) => console.log(e.code)).on('data', (d) => console.log(String(d)))"`
    expect(await seen(direct)).toContain('ECONNREFUSED')
    const asking = (target: string) => `${INSIDE.node} -e "
      const { hostname, port } = new URL(process.env.HTTPS_PROXY)
      const { Agent, request } = require('http')
      request({ agent: new Agent(), hostname, port, method: 'CONNECT', path: '${target}' })
        .on('connect', (answer) => { console.log(answer.statusCode); process.exit() }).end()"`
    expect(await seen(asking(`127.0.0.1:${port}`))).toBe(
      `exit code 9; blocked hosts (add to \`hosts\`): 127.0.0.1:${port}; end of its output: 403`,
    )
    expect(await seen(asking('169.254.169.254:80'))).toContain('end of its output: 403')
    expect(await seen(asking('model.example:80'))).toContain(
      'blocked hosts (add to `hosts`): model.example:80',
    )
    expect(await seen(asking(`127.0.0.1:${port}`), { hosts: [`127.0.0.1:${port}`] })).toContain(
      'end of its output: 200',
    )
  })

  test('F28 ends at its timeout, and F35 nothing of it is left', async () => {
    const marker = randomUUID()
    const run = `${EDIT}; (setsid sh -c "sleep 600; : ${marker}" &) ; sh -c "trap '' TERM; sleep 600; : ${marker}"`
    expect(reasonOf(await attempt(run, { timeoutSeconds: 2 }))).toMatch(/^killed after 2 s/)
    expect(survivors(marker)).toEqual([])
    const leaving = `${EDIT}; (setsid sh -c "sleep 600; : ${marker}" > /dev/null 2>&1 &)`
    expect(filesOf(await attempt(leaving))).toEqual({ 'train.py': 'lr = 2\n' })
    expect(survivors(marker)).toEqual([])
  })

  test('ends when the run is cancelled', async () => {
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 300)
    expect(reasonOf(await attempt('sleep 600', {}, { signal: abort.signal }))).toBe('stopped')
  })

  test('leaves no files behind', async () => {
    const { TMPDIR } = process.env
    onTestFinished(() => {
      if (TMPDIR === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = TMPDIR
    })
    // Its own, because other tests run agents at the same time.
    process.env.TMPDIR = await aDirectory()
    await attempt('mkdir deep; chmod 0 deep; echo x > "$AUTORESEARCH_OUT/more"')
    expect(readdirSync(tmpdir())).toEqual([])
  })
})

test('F69 is not run without bubblewrap, and nobody is told to go without a sandbox', async () => {
  const { PATH } = process.env
  onTestFinished(() => {
    process.env.PATH = PATH
  })
  process.env.PATH = '/nowhere'
  const asked = attempt(EDIT)
  await expect(asked).rejects.toMatchObject({
    message: expect.stringContaining('bubblewrap is not installed'),
    hint: expect.stringMatching(/apt-get install -y bubblewrap(?!.*sandbox: none)/),
  })
})
