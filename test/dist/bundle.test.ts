// What the built action consists of.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { bundledModules, copies } from '../../scripts/bundle/modules.ts'

test('no package is bundled twice', async () => {
  const { modules } = await bundledModules()
  expect(modules.map((module) => module.package)).toContain('openai')
  expect(copies(modules)).toEqual(new Map())
})

test('two copies of a package are found by their folders', () => {
  const at = (name: string, directory: string) => ({ package: name, directory })
  const modules = [at('a', '/m/a'), at('a', '/m/a'), at('a', '/m/b/m/a'), at('b', '/m/b')]
  expect(copies(modules)).toEqual(new Map([['a', ['/m/a', '/m/b/m/a']]]))
})

test("what was compiled is kept in the runner's tool cache, although the job fails", async () => {
  const toolCache = await mkdtemp(join(tmpdir(), 'autoresearch-cache-'))
  onTestFinished(() => rm(toolCache, { recursive: true, force: true }))
  const entry = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
  const env = { PATH: process.env.PATH ?? '', RUNNER_TOOL_CACHE: toolCache }
  const { stdout, exitCode } = await execa('node', [entry], { env, extendEnv: false, reject: false })
  expect({ stdout, exitCode }).toMatchObject({ stdout: expect.stringContaining('is not set'), exitCode: 1 })
  expect(await readdir(join(toolCache, 'autoresearch-compile-cache'))).toHaveLength(1)
})

test('an older Node is told which one is needed', async () => {
  const entry = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
  const older =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })"
  const { stderr, exitCode } = await execa('node', ['--import', `data:text/javascript,${older}`, entry], {
    reject: false,
  })
  expect({ stderr, exitCode }).toEqual({
    stderr: expect.stringContaining('needs Node 24, and this is Node 20.1.0'),
    exitCode: 1,
  })
})
