// Quick checks as the agent's edits really meet them: on the sealed tree, in a sandbox.
import { spawn } from 'node:child_process'
import { execaSync } from 'execa'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { createRepository } from '../../src/adapters/git/repository.ts'
import { type CheckerOptions, createChecker } from '../../src/adapters/trainer/checks.ts'
import type { CheckReport } from '../../src/ports/proposer.ts'
import { aConfig } from '../factories.ts'
import { aDirectory, aRemote, gitIn } from '../scaffold.ts'
import { unprotected } from './sandbox-lab.ts'

const installed = execaSync('bwrap', ['--version'], { reject: false }).exitCode === 0
if (!installed && process.env.CI !== 'true')
  console.warn('Skipped without bubblewrap: apt-get install bubblewrap')
const sandboxed = test.skipIf(!installed && process.env.CI !== 'true')

const REPOSITORY = { 'train.py': 'lr = 1\n', 'eval.py': 'score()\n' }
const BROKEN = new Map([['train.py', 'lr = \n']])
const SOUND = new Map([['train.py', 'lr = 2\n']])

interface Check {
  checks: string[]
  files?: ReadonlyMap<string, string>
  options?: Partial<CheckerOptions>
  signal?: AbortSignal
}

async function check({ checks, files = SOUND, options, signal }: Check): Promise<CheckReport> {
  const remote = await aRemote(REPOSITORY)
  const checker = createChecker({
    repository: createRepository(remote.itself),
    clock: systemClock,
    shimDirectory: await aDirectory(),
    environment: { PATH: process.env.PATH ?? '', TOKEN: 'ghs_1234567890' },
    secrets: [],
    ...options,
  })
  return checker.check(aConfig({ checks }), remote.base, files, signal ?? new AbortController().signal)
}

describe('checks', () => {
  sandboxed('see the edits, and the baseline in every other file', async () => {
    const { passed, text } = await check({ checks: ['cat train.py eval.py'] })
    expect(passed).toBe(true)
    expect(text).toBe('$ cat train.py eval.py: exit code 0\n```\nlr = 2\nscore()\n```')
  })

  sandboxed('do not see changes to files that are not editable', async () => {
    const files = new Map([...SOUND, ['eval.py', 'cheat()\n']])
    expect((await check({ checks: ['cat eval.py'], files })).text).toContain('score()')
  })

  sandboxed('compile Python although the source is read-only', async () => {
    const checks = ['python3 -m py_compile train.py']
    expect(await check({ checks })).toMatchObject({ passed: true })
    const { passed, text } = await check({ checks, files: BROKEN })
    expect(passed).toBe(false)
    expect(text).toContain('SyntaxError')
  })

  sandboxed('end at the first that fails', async () => {
    const { passed, text } = await check({ checks: ['echo one', 'exit 3', 'echo two'] })
    expect(passed).toBe(false)
    expect(text).toMatch(/^\$ echo one: exit code 0[\s\S]*\$ exit 3: exit code 3\n```\n\n```$/)
  })

  sandboxed('F54 see no variable of ours, F55 no network, F38 no accelerator', async () => {
    const { text } = await check({ checks: ['env; cat /proc/net/dev; ls /dev'] })
    expect(text).not.toContain('ghs_1234567890')
    expect(text).not.toMatch(/eth0|nvidia|kfd|dri/)
  })

  sandboxed('F54 removed: without a sandbox the same check reads the token of another process', async () => {
    const env = { PATH: '/usr/bin:/bin', TOKEN: 'ghs_1234567890' }
    const runner = spawn('sleep', ['60'], { env, stdio: 'ignore' })
    onTestFinished(() => void runner.kill())
    const command = `cat /proc/${runner.pid}/environ`
    expect((await check({ checks: [command] })).text).not.toContain(env.TOKEN)
    expect((await unprotected({ command })).output).toContain(env.TOKEN)
  })

  sandboxed('leave the processor to a trial that runs beside them', async () => {
    expect((await check({ checks: ['nice'] })).text).toContain('\n19\n')
  })

  sandboxed('F68 whose output holds a secret of the job are not quoted', async () => {
    const options = { secrets: ['sk-secret-123'] }
    const { passed, text } = await check({ checks: ['printf sk-secret; printf -- -123'], options })
    expect(passed).toBe(true)
    expect(text).toContain('contained a secret of this job')
    expect(text).not.toContain('sk-secret-123')
  })

  sandboxed('F28 that hang are killed when the time of all is up', { timeout: 300_000 }, async () => {
    let reads = 0
    // The clock says that the first one took 59 s.
    const clock = { ...systemClock, monotonicSeconds: () => (reads++ < 2 ? 0 : 59) }
    const { passed, text } = await check({ checks: ['true', 'sleep 600'], options: { clock } })
    expect(passed).toBe(false)
    expect(text).toContain('$ sleep 600: killed at the limit of 60 s for all checks together')
  })

  sandboxed('leave no branch behind', async () => {
    const remote = await aRemote(REPOSITORY)
    const checker = createChecker({
      repository: createRepository(remote.itself),
      clock: systemClock,
      shimDirectory: await aDirectory(),
      environment: { PATH: process.env.PATH ?? '' },
      secrets: [],
    })
    const refs = () => gitIn(remote.directory, ['for-each-ref'])
    const before = await refs()
    await checker.check(aConfig({ checks: ['true'] }), remote.base, SOUND, new AbortController().signal)
    expect(await refs()).toBe(before)
  })

  test('are refused without a sandbox', async () => {
    const { sandbox } = aConfig()
    const checker = createChecker({
      repository: createRepository((await aRemote(REPOSITORY)).itself),
      clock: systemClock,
      shimDirectory: '/nowhere',
      environment: {},
      secrets: [],
    })
    const config = aConfig({ checks: ['true'], sandbox: { ...sandbox, kind: 'none' } })
    await expect(checker.check(config, 'x', SOUND, new AbortController().signal)).rejects.toThrow(
      'quick checks never run without a sandbox',
    )
  })
})
