// The source of the first program in an agent's sandbox, which has no network. It listens on a local port, forwards every
// connection to the proxy's socket, and runs the agent. It is JavaScript, because Node is the only interpreter that is
// always available.

export const INSIDE = {
  node: '/autoresearch/node',
  bridge: '/autoresearch/bridge.cjs',
  plan: '/autoresearch/agent.json',
  brief: '/autoresearch/brief.md',
  past: '/autoresearch/past',
  socket: '/autoresearch/model.sock',
  tree: '/autoresearch/out/tree',
  proposal: '/autoresearch/out/proposal.json',
}

/** The contents of `plan`. The file exists only inside the sandbox and never on disk, because it contains keys. */
export interface AgentPlan {
  command: string
  environment: Readonly<Record<string, string>>
}

/** Must run on Node 20 and newer, the versions that run the action. */
export const BRIDGE = `
const { readFileSync } = require('node:fs')
const { connect, createServer } = require('node:net')
const { constants, setPriority } = require('node:os')
const { pipeline } = require('node:stream')
const { spawn } = require('node:child_process')

const { command, environment } = JSON.parse(readFileSync('${INSIDE.plan}', 'utf8'))
// Lowest priority, because a trial may be measured at the same time.
setPriority(19)
// Ignored, because SIGTERM reaches every process inside and the agent may still need the network to finish.
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
    // Node's own fetch uses the proxy variables only with this setting.
    env: { ...process.env, ...environment, NODE_USE_ENV_PROXY: '1', ...Object.fromEntries(names.map((name) => [name, proxy])) },
  })
  agent.on('error', (error) => {
    console.error(String(error))
    process.exit(126)
  })
  agent.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
})
`
