import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createRepository } from '../../src/adapters/git/repository.ts'
import { prepareData, type SetupOptions } from '../../src/adapters/trainer/setup.ts'
import { BaselineError } from '../../src/errors.ts'
import { aConfig } from '../factories.ts'
import { FakeLog } from '../fakes/log.ts'
import { aDirectory, aRemote } from '../scaffold.ts'

const NEVER = new AbortController().signal

async function here(environment: NodeJS.ProcessEnv = { PATH: process.env.PATH ?? '' }) {
  const remote = await aRemote({ 'train.js': 'lr = 1\n', 'prepare.sh': 'echo corpus\n' })
  const cacheDirectory = join(await aDirectory(), 'cache', 'acme', 'char-lm')
  const log = new FakeLog()
  const options: SetupOptions = {
    repository: createRepository(remote.itself),
    log,
    cacheDirectory,
    environment,
  }
  const prepareBoth = (
    setup: string | undefined,
    base = remote.base,
    signal: AbortSignal = NEVER,
    editable = ['train.js'],
  ) => prepareData(options, aConfig({ editable, ...(setup === undefined ? {} : { setup }) }), base, signal)
  const prepare = async (...args: Parameters<typeof prepareBoth>) => (await prepareBoth(...args)).data
  return { remote, log, prepare, prepareBoth, cached: () => readdir(cacheDirectory).catch(() => []) }
}

const COUNTING = 'echo run >> "$AUTORESEARCH_DATA/runs"'
const runs = (directory: string) => readFile(join(directory, 'runs'), 'utf8')

describe('preparing data', () => {
  test('without a command there is an empty directory', async () => {
    const { prepare, log } = await here()
    expect(await readdir(await prepare(undefined))).toEqual([])
    expect(log.lines).toEqual([])
  })

  test('the command runs in the files of the baseline', async () => {
    const { prepare, log } = await here()
    const directory = await prepare('sh prepare.sh > "$AUTORESEARCH_DATA/corpus.txt"')
    expect(await readFile(join(directory, 'corpus.txt'), 'utf8')).toBe('corpus\n')
    expect(log.lines.join()).toContain('prepare.sh')
  })

  test('the editable files are not there: setup has no sandbox, and they may be a candidate’s', async () => {
    const { prepare } = await here()
    const directory = await prepare('ls > "$AUTORESEARCH_DATA/files"')
    expect(await readFile(join(directory, 'files'), 'utf8')).toBe('prepare.sh\n')
    const failure = await prepare('node train.js').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(BaselineError)
    expect((failure as BaselineError).hint).toContain('after deleting the editable files')
  })

  test('removed: where it does not count as editable, setup runs it without a sandbox', async () => {
    const { prepareBoth } = await here()
    const setup = 'node train.js && echo ran > "$AUTORESEARCH_DATA/ran"'
    const { data } = await prepareBoth(setup, undefined, NEVER, ['eval.js'])
    expect(await readFile(join(data, 'ran'), 'utf8')).toBe('ran\n')
  })

  test('what is kept for evaluation lies in a folder of its own', async () => {
    const { prepareBoth } = await here()
    const setup = 'echo learn > "$AUTORESEARCH_DATA/text"; echo judge > "$AUTORESEARCH_EVAL_DATA/text"'
    const { data, evaluationData } = await prepareBoth(setup)
    expect(await readFile(join(data, 'text'), 'utf8')).toBe('learn\n')
    expect(await readFile(join(evaluationData, 'text'), 'utf8')).toBe('judge\n')
    expect(evaluationData.startsWith(`${data}/`) || data.startsWith(`${evaluationData}/`)).toBe(false)
  })

  test('what is prepared stays for merges of candidates, and is prepared anew for anything else', async () => {
    const { remote, prepare, cached } = await here()
    const first = await prepare(COUNTING)
    const merged = await remote.commit({ 'train.js': 'lr = 2\n' })
    expect(await prepare(COUNTING, merged)).toBe(first)
    expect(await runs(first)).toBe('run\n')
    const changed = await remote.commit({ 'prepare.sh': 'echo more\n' })
    expect(await prepare(COUNTING, changed)).not.toBe(first)
    expect(await prepare(`${COUNTING} `)).not.toBe(first)
    expect(await cached()).toHaveLength(3)
  })

  test('a failure says what happened and leaves nothing that looks complete', async () => {
    const { prepare, cached } = await here()
    const setup = 'echo half > "$AUTORESEARCH_DATA/half"; echo "no space left" >&2; exit 3'
    const failure = await prepare(setup).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(BaselineError)
    expect(String(failure)).toMatch(/setup failed \(exit code 3\)[\s\S]*no space left/)
    expect(await cached()).toEqual([])
  })

  test('an abort leaves nothing that looks complete', async () => {
    const { prepare, cached } = await here()
    await expect(prepare('sleep 600', undefined, AbortSignal.timeout(50))).rejects.toThrow(BaselineError)
    expect(await cached()).toEqual([])
  })

  test('two at once end with one complete directory', async () => {
    const { prepare, cached } = await here()
    const both = await Promise.all([prepare(COUNTING), prepare(COUNTING)])
    expect(both[0]).toBe(both[1])
    expect(await runs(both[0])).toBe('run\n')
    expect(await cached()).toHaveLength(1)
  })

  test('F54 it sees how to reach the network, and no secret', async () => {
    const { prepare } = await here({
      PATH: process.env.PATH ?? '',
      HTTPS_PROXY: 'http://127.0.0.1:3128',
      INPUT_TOKEN: 'secret-1',
      GITHUB_TOKEN: 'secret-2',
      ACTIONS_RUNTIME_TOKEN: 'secret-3',
      OPENAI_API_KEY: 'secret-4',
    })
    const directory = await prepare('env > "$AUTORESEARCH_DATA/environment"')
    const environment = await readFile(join(directory, 'environment'), 'utf8')
    expect(environment).not.toContain('secret-')
    expect(environment).toContain('HTTPS_PROXY=http://127.0.0.1:3128\n')
  })
})
