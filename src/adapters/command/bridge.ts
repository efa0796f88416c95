// The first program in an agent's sandbox, as text: it listens where there is no network, hands every connection to the
// proxy's socket, and runs the agent. In JavaScript, because the action always has a Node to show and nothing else.

/** Where everything is inside. */
export const INSIDE = {
  node: '/autoresearch/node',
  bridge: '/autoresearch/bridge.cjs',
  plan: '/autoresearch/agent.json',
  brief: '/autoresearch/brief.md',
  socket: '/autoresearch/model.sock',
  tree: '/autoresearch/out/tree',
  proposal: '/autoresearch/out/proposal.json',
}

/** What the bridge reads from `plan`: a file that is on no disk, because keys are in it. */
export interface AgentPlan {
  command: string
  environment: Readonly<Record<string, string>>
}

/** Runs with the Node of the action, 20 or newer. */
export const BRIDGE = `
const { readFileSync } = require('node:fs')
const { connect, createServer } = require('node:net')
const { constants, setPriority } = require('node:os')
const { pipeline } = require('node:stream')
const { spawn } = require('node:child_process')

const { command, environment } = JSON.parse(readFileSync('${INSIDE.plan}', 'utf8'))
// A trial may be measured beside it.
setPriority(19)
// Everybody inside is asked to end at once; the agent may want the network for its last words.
process.on('SIGTERM', () => {})

const server = createServer((inside) => {
  pipeline(inside, connect('${INSIDE.socket}'), inside, () => {})
})
server.listen(0, '127.0.0.1', () => {
  const proxy = 'http://127.0.0.1:' + server.address().port
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']
  const agent = spawn('/bin/sh', ['-c', command], {
    cwd: '${INSIDE.tree}',
    stdio: ['ignore', 'inherit', 'inherit'],
    // Node's own fetch looks at the proxy only when told to.
    env: { ...process.env, ...environment, NODE_USE_ENV_PROXY: '1', ...Object.fromEntries(names.map((name) => [name, proxy])) },
  })
  agent.on('error', (error) => {
    console.error(String(error))
    process.exit(126)
  })
  agent.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
})
`
