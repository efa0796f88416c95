// A small action: opens the sandbox, runs the one request it reads from standard input, prints what came of it as JSON.
// Started as another user, or to be killed.
import { readFileSync } from 'node:fs'
import type { SandboxRequest } from '../../src/adapters/sandbox/request.ts'
import { openSandbox } from '../../src/adapters/sandbox/sandbox.ts'

const request = JSON.parse(readFileSync(0, 'utf8')) as Omit<SandboxRequest, 'onOutput' | 'signal'>
const sandbox = await openSandbox('bubblewrap')
let output = ''
const exit = await sandbox.run({
  ...request,
  onOutput: (text) => {
    output += text
    if (text.includes('ready')) process.stderr.write('ready\n')
  },
  signal: new AbortController().signal,
})
process.stdout.write(JSON.stringify({ exit, output }))
