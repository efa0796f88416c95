/** `npm run github`: the loopback GitHub by itself, to look at and to try things on. */
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { startGitHub } from './server.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '3210' },
    repository: { type: 'string' },
    from: { type: 'string' },
  },
})

const fullName = values.repository ?? `acme/${values.from === undefined ? 'empty' : basename(values.from)}`
const github = await startGitHub({ port: Number(values.port) })
await github.createRepository(fullName, {
  ...(values.from === undefined ? {} : { from: values.from }),
  allowActionsToCreatePullRequests: true,
})
const token = github.issueToken({
  repository: fullName,
  kind: 'actions',
  permissions: {
    actions: 'write',
    checks: 'write',
    contents: 'write',
    issues: 'write',
    pull_requests: 'write',
    workflows: 'write',
  },
})

process.stdout.write(`Pages   ${github.url}/${fullName}
REST    ${github.apiUrl}
Token   ${token}
Clone   git clone ${github.url.replace('//', `//x-access-token:${token}@`)}/${fullName}.git
`)

process.once('SIGINT', () => github.close())
process.once('SIGTERM', () => github.close())
