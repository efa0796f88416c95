import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createRepository } from '../../src/adapters/git/repository.ts'
import { prepareData, type SetupOptions } from '../../src/adapters/trainer/setup.ts'
import { lockFile } from '../../src/adapters/trainer/version-lock.ts'
import type { Config } from '../../src/core/config/config.ts'
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
  const prepareWith = (config: Partial<Config>, base = remote.base) =>
    prepareData(options, aConfig({ editable: ['train.js'], ...config }), base, NEVER)
  const cached = () => readdir(cacheDirectory).catch(() => [])
  return { remote, log, prepare, prepareBoth, prepareWith, cached, cacheDirectory }
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
    const setup =
      'echo half > "$AUTORESEARCH_DATA/half"; echo Traceback; echo "OSError: no space left" >&2; echo; exit 3'
    const failure = await prepare(setup).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(BaselineError)
    expect(String(failure)).toMatch(/setup failed \(exit code 3\): [^\n]*\nOSError: no space left$/)
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

  test('F54 it gets what private registries need, by name, and further names of the configuration', async () => {
    const given = {
      HF_TOKEN: 'hf_secret-1',
      PIP_INDEX_URL: 'https://me:secret-2@pypi.example.com/simple',
      PIP_EXTRA_INDEX_URL: 'https://other.example.com',
      npm_config_registry: 'https://npm.example.com',
      NODE_EXTRA_CA_CERTS: '/ca.pem',
      REQUESTS_CA_BUNDLE: '/ca.pem',
      SSL_CERT_FILE: '/ca.pem',
      UV_INDEX_ACME_PASSWORD: 'secret-3',
      no_proxy: 'localhost',
      MY_KEY: 'secret-4',
    }
    const { prepareWith } = await here({
      PATH: process.env.PATH ?? '',
      ...given,
      OTHER_KEY: 'secret-5',
      UV_NO_SYNC: '1',
    })
    const setupPolicy = { environment: ['MY_KEY'], keep: 3 }
    const { data } = await prepareWith({
      setup: 'env | cut -d= -f1 > "$AUTORESEARCH_DATA/names"',
      setupPolicy,
    })
    const names = (await readFile(join(data, 'names'), 'utf8')).split('\n')
    expect(names).toEqual(expect.arrayContaining(Object.keys(given)))
    expect(names).not.toContain('OTHER_KEY')
    expect(names).not.toContain('UV_NO_SYNC')
  })

  test('F68 a file in which it left a token is removed, and the log shows no token', async () => {
    const { prepareWith, log } = await here({ PATH: process.env.PATH ?? '', HF_TOKEN: 'hf_secret-1' })
    const setup = 'echo "$HF_TOKEN" | tee ~/token token "$AUTORESEARCH_DATA/token"; touch kept'
    const { data, setup: places } = await prepareWith({ setup })
    expect(await readdir(data)).toEqual([])
    expect(await readdir(places?.home ?? '')).toEqual([])
    expect(await readdir(places?.source ?? '')).toEqual(['kept', 'prepare.sh'])
    expect(log.lines.join()).not.toContain('hf_secret-1')
    expect(log.warnings).toHaveLength(3)
  })

  test('F80 its output is in the log line by line while it runs', async () => {
    const { prepare, log } = await here()
    const setup =
      'echo one; echo two >&2; printf "10%%\\r100%%\\n::warning::x\\n"; test ! -e "$AUTORESEARCH_DATA/x"'
    await prepare(setup)
    expect(log.infos.slice(1).toSorted()).toEqual(['  100%', '  ::warning::x', '  one', '  two'])
  })

  test.each([
    ['the README', { 'README.md': 'more\n' }],
    ['the configuration', { '.github/autoresearch.yml': 'search: {}\n' }],
    ['the instructions for proposers', { 'program.md': 'more\n' }],
    ['an editable file', { 'train.js': 'lr = 2\n' }],
  ])('F80 a commit that changes only %s does not repeat it', async (_, files) => {
    const { remote, prepareWith } = await here()
    const config = { setup: COUNTING, program: 'program.md' }
    const { data } = await prepareWith(config)
    const later = await prepareWith(config, await remote.commit(files))
    expect(later.data).toBe(data)
    expect(await runs(data)).toBe('run\n')
  })
})

describe('F99 versions on one machine', () => {
  const OLD = ['0123456789abcdef', '123456789abcdef0', '23456789abcdef01']

  async function withOldVersions() {
    const lab = await here()
    await mkdir(`${lab.cacheDirectory}.locks`, { recursive: true })
    for (const [index, name] of OLD.entries()) {
      await mkdir(join(lab.cacheDirectory, name), { recursive: true })
      await writeFile(join(lab.cacheDirectory, name, 'ready'), '')
      await utimes(join(lab.cacheDirectory, name, 'ready'), index, index)
    }
    return lab
  }

  test('F99 of three jobs one does it, and the others wait for it', async () => {
    const { prepare, log, cacheDirectory } = await here()
    const slow = `${COUNTING}; until [ -e "$AUTORESEARCH_DATA/go" ]; do sleep 0.05; done`
    const jobs = Promise.all([prepare(slow), prepare(slow), prepare(slow)])
    const waiting = () => log.lines.filter((line) => line.startsWith('Another job')).length
    await expect.poll(waiting).toBeGreaterThanOrEqual(2)
    const begun = () => readdir(cacheDirectory).then((names) => names.length)
    await expect.poll(begun).toBe(1)
    const [version = ''] = await readdir(cacheDirectory)
    await expect
      .poll(() => runs(join(cacheDirectory, version, 'data')).catch(() => ''), { timeout: 60_000 })
      .toBe('run\n')
    await writeFile(join(cacheDirectory, version, 'data', 'go'), '')
    const [first, ...others] = await jobs
    expect(others).toEqual([first, first])
    expect(await runs(first)).toBe('run\n')
  })

  test('F99 the versions that were not used for longest are removed', async () => {
    const { prepareWith, cached, log } = await withOldVersions()
    await prepareWith({ setup: COUNTING, setupPolicy: { environment: [], keep: 2 } })
    expect(await cached()).toEqual(expect.arrayContaining([OLD[2]]))
    expect(await cached()).toHaveLength(2)
    expect(log.lines.filter((line) => line.startsWith('Removed old data'))).toHaveLength(2)
  })

  test('F99 also when they take more than they may together', async () => {
    const { prepareWith, cached, cacheDirectory } = await withOldVersions()
    await writeFile(join(cacheDirectory, OLD[1] ?? '', 'big'), Buffer.alloc(300_000))
    await prepareWith({ setup: COUNTING, setupPolicy: { environment: [], keep: 9, keepBytes: 200_000 } })
    expect(await cached()).toHaveLength(2)
  })

  test('F99 one that a job uses stays', async () => {
    const { prepareWith, cached, cacheDirectory } = await withOldVersions()
    const lock = await lockFile(join(`${cacheDirectory}.locks`, OLD[0] ?? ''), {
      kind: 'shared',
      signal: NEVER,
    })
    await prepareWith({ setup: COUNTING, setupPolicy: { environment: [], keep: 1 } })
    expect(await cached()).toHaveLength(2)
    expect(await cached()).toContain(OLD[0])
    if (typeof lock === 'object') lock.release()
  })

  test('F99 one process holds one lock, however often it needs the version', async () => {
    const { prepare, cacheDirectory } = await here()
    for (let times = 0; times < 3; times += 1) await prepare(COUNTING)
    expect(await commandsNaming(`${cacheDirectory}.locks`)).toHaveLength(1)
  })

  /** Command lines of the processes of this machine that contain the text. */
  async function commandsNaming(text: string): Promise<string[]> {
    const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
    const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')))
    return lines.filter((line) => line.includes(text))
  }

  test('F99 a half-made version of a killed job is made again', async () => {
    const { prepare } = await here()
    const version = basename(dirname(await prepare(COUNTING)))
    const killed = await here()
    const data = join(killed.cacheDirectory, version, 'data')
    await mkdir(data, { recursive: true })
    await writeFile(join(data, 'half'), '')
    expect(await killed.prepare(COUNTING)).toBe(data)
    expect(await readdir(data)).toEqual(['runs'])
  })

  test('F99 who prepares does not wait for jobs that use the version', async () => {
    const { prepare, cacheDirectory } = await here()
    const version = dirname(await prepare(COUNTING))
    await rm(join(version, 'ready'))
    const user = await lockFile(join(`${cacheDirectory}.locks`, basename(version)), {
      kind: 'shared',
      signal: NEVER,
    })
    expect(await runs(await prepare(COUNTING))).toBe('run\n')
    if (typeof user === 'object') user.release()
  })
})
