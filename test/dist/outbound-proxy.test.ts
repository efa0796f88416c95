// The built action in a network that only a proxy leaves.
import { expect, test } from 'vitest'
import { startForwardProxy } from '../forward-proxy.ts'
import { proposal, startResearch } from './research.ts'

test('F93 a whole job works through the proxy, for GitHub, git and a model with a private authority', async () => {
  const better = proposal('Learn faster', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.4')
  const proposers = [{ kind: 'openai', model: 'scripted', 'base-url': 'https://model.test/v1' }]
  await using research = await startResearch([better], { proposers })
  const port = (url: string) => Number(new URL(url).port)
  const proxy = await startForwardProxy({
    'github.test': port(research.github.url),
    'model.test': port(research.modelUrl),
  })
  const environment = {
    GITHUB_SERVER_URL: 'https://github.test',
    GITHUB_API_URL: research.github.apiUrl.replace(research.github.url, 'https://github.test'),
    HTTPS_PROXY: proxy.url,
    NODE_EXTRA_CA_CERTS: proxy.certificateFile,
    GIT_SSL_CAINFO: proxy.certificateFile,
  }
  const job = await research.run({ command: 'propose', candidates: '1' }, { environment })
  expect(job.exitCode, job.log).toBe(0)
  expect(JSON.stringify(await research.ledger())).toContain('Learn faster')
  expect(new Set(proxy.asked)).toEqual(new Set(['CONNECT github.test:443', 'CONNECT model.test:443']))
})
