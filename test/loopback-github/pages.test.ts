import { describe, expect, test } from 'vitest'
import { aRepository, NAME } from './fixtures.ts'

async function aStory() {
  const here = await aRepository()
  const head_sha = await here.pushBranch('c/1', { 'train.js': 'x = "<b>"\n' })
  await here.octokit.rest.pulls.create({
    ...NAME,
    title: 'Try <script>alert(1)</script>',
    head: 'c/1',
    base: 'main',
    body: '**Why**\n\n<img src=x onerror=alert(1)>\n\n<details>\n<summary>Log</summary>\n\n`<details>`\n\n</details>',
  })
  const output = { title: 'val_loss 1.9', summary: 'A *fine* run', text: '[x](javascript:alert(1))' }
  const { data: run } = await here.octokit.rest.checks.create({
    ...NAME,
    name: 'autoresearch',
    head_sha,
    status: 'completed',
    conclusion: 'success',
    output,
  })
  const page = async (path: string) => {
    const response = await fetch(`${here.github.url}/acme/char-lm${path}`)
    return { status: response.status, text: await response.text(), headers: response.headers }
  }
  return { ...here, page, run, head_sha }
}

describe('pages for people', () => {
  test('a pull request shows its text, checks and diff', async () => {
    const { page } = await aStory()
    const { text } = await page('/pull/1')
    for (const shown of [
      '<strong>Why</strong>',
      'val_loss 1.9',
      'A <em>fine</em> run',
      '<details>',
      '+x = &quot;&lt;b&gt;&quot;',
    ])
      expect(text).toContain(shown)
  })

  test('nothing a candidate wrote becomes HTML or a script', async () => {
    const { page, run } = await aStory()
    const pages = await Promise.all(['/pull/1', '/pulls', `/runs/${run.id}`, ''].map(page))
    for (const { text } of pages) {
      expect(text).not.toMatch(/<script|<img|href="javascript:/)
      expect(text).toContain('<html')
    }
    expect(pages[0]?.text).toContain('<code>&lt;details&gt;</code>')
  })

  test('the list filters by state', async () => {
    const { page } = await aStory()
    expect((await page('/pulls?state=open')).text).toContain('/acme/char-lm/pull/1')
    expect((await page('/pulls?state=merged')).text).not.toContain('/acme/char-lm/pull/1')
  })

  test('home, branch, commit, file and comparison are there; what does not exist is 404', async () => {
    const { page, head_sha } = await aStory()
    expect((await page('')).text).toContain('Initial commit')
    expect((await page('/tree/c/1')).text).toContain('train.js')
    expect((await page(`/commit/${head_sha}`)).text).toContain('Change train.js')
    expect((await page('/blob/c/1/train.js')).text).toContain('x = &quot;&lt;b&gt;&quot;')
    expect((await page('/compare/main...c/1')).text).toContain('train.js')
    expect((await page('/pull/7')).status).toBe(404)
    expect((await page('/nonsense')).status).toBe(404)
  })

  test('a raw file is served so that it cannot run', async () => {
    const { page } = await aStory()
    const { text, headers } = await page('/raw/c/1/train.js')
    expect(text).toBe('x = "<b>"\n')
    expect(headers.get('content-type')).toContain('text/plain')
    expect(headers.get('content-security-policy')).toContain('sandbox')
  })
})
