// Calls one of the outside services once, through the proxy of its environment, and prints the answer as JSON. A program,
// because Node reads its certificates at the start. It loads no more than the service needs.
import { useProxy } from '../../src/adapters/outbound-proxy.ts'

const [service = '', url = '', token = ''] = process.argv.slice(2)

async function call(): Promise<unknown> {
  switch (service) {
    case 'github': {
      const { connect } = await import('../../src/adapters/github/client.ts')
      const { createForge } = await import('../../src/adapters/github/github.ts')
      const log = { info() {}, warn() {} }
      const repository = 'acme/char-lm'
      const github = connect({ apiUrl: url, serverUrl: url, repository, token, log, secondMilliseconds: 10 })
      return createForge(github).openPullRequests('main')
    }
    case 'model': {
      const { createOpenAIProposer } = await import('../../src/adapters/openai/openai.ts')
      const { aProposalRequest } = await import('../factories.ts')
      const endpoint = { model: 'gpt-x', baseUrl: url }
      const settings = { endpoints: [endpoint], maxTurns: 2, maxRetries: 0 }
      const proposer = createOpenAIProposer(settings as never, new Map([[new URL(url).host, token]]))
      return proposer.propose(aProposalRequest({ files: new Map([['train.py', 'lr = 1\n']]) }))
    }
    default: {
      const { createRepository } = await import('../../src/adapters/git/repository.ts')
      const repository = createRepository({ directory: process.cwd(), remoteUrl: url, token })
      return (await repository.remoteBranches()).defaultBranch
    }
  }
}

const warning = useProxy(process.env)
if (warning) throw new Error(warning)
process.stdout.write(JSON.stringify(await call()))
