// What agents do that they must not, with the protection taken away: each gets what it wanted.
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createCommandProposer } from '../../src/adapters/command/command.ts'
import { aProposalRequest } from '../factories.ts'
import { SKIP, scratch, survivors, unprotected } from './sandbox-lab.ts'

const KEY = 'sk-agent-1234567890'

test('F54 removed: in an environment that was not cleared there is the token of the job', async () => {
  const environment = { PATH: '/usr/bin:/bin', GITHUB_TOKEN: 'ghs_job' }
  expect((await unprotected({ command: 'env | grep ghs_', environment })).output).toBe(
    'GITHUB_TOKEN=ghs_job\n',
  )
})

test('F55 removed: without a network of its own every server of the machine answers', async () => {
  const server = createServer((connection) => connection.end('secret of the machine\n'))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const ask = `python3 -c "import socket; print(socket.create_connection(('127.0.0.1', ${port})).recv(99).decode())"`
  expect((await unprotected({ command: ask })).output).toContain('secret of the machine')
})

test('F28 F35 removed: without a process namespace what it leaves goes on', async () => {
  const marker = randomUUID()
  onTestFinished(() => {
    for (const pid of survivors(marker)) process.kill(Number(pid), 'SIGKILL')
  })
  const command = `(setsid sh -c "sleep 60; : ${marker}" > /dev/null 2>&1 &)`
  execFileSync('/bin/sh', ['-c', command])
  await vi.waitFor(() => expect(survivors(marker)).not.toEqual([]), { timeout: 60_000 })
})

test('F62 removed: who opens what is there follows the link', () => {
  const [machine, folder] = [scratch(), scratch()]
  writeFileSync(join(machine, 'key'), 'a secret of the machine')
  symlinkSync(join(machine, 'key'), join(folder, 'train.py'))
  expect(readFileSync(join(folder, 'train.py'), 'utf8')).toBe('a secret of the machine')
})

test('F56 removed: git in its folder runs what was planted', () => {
  const folder = scratch()
  execFileSync('git', ['init', '--quiet', folder])
  mkdirSync(join(folder, 'tree'))
  execFileSync('git', ['-C', folder, 'config', 'core.fsmonitor', `touch ${folder}/planted; false`])
  execFileSync('git', ['-C', join(folder, 'tree'), 'status', '--short'], { stdio: 'ignore' })
  expect(existsSync(join(folder, 'planted'))).toBe(true)
})

describe.skipIf(SKIP)('a key that is not known as one', () => {
  test('F68 removed: is published in the change and in its words', async () => {
    const settings = { name: 'x', hosts: ['model.example'], secrets: {}, read: [], timeoutSeconds: 30 }
    const run = `echo "key = '$MODEL_KEY'" > train.py; echo "TITLE: Use $MODEL_KEY"`
    const proposer = createCommandProposer(
      { ...settings, run, env: { MODEL_KEY: KEY } },
      { environment: process.env, jobSecrets: [] },
    )
    const files = new Map([['train.py', 'lr = 1\n']])
    expect(await proposer.propose(aProposalRequest({ files }))).toMatchObject({
      kind: 'proposal',
      proposal: { title: `Use ${KEY}`, files: new Map([['train.py', `key = '${KEY}'\n`]]) },
    })
  })
})
