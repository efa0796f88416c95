// A small research repository on the loopback GitHub with a scripted model, and jobs of the built action on it.

import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { parse, stringify } from 'yaml'
import type { LedgerEvent } from '../../src/core/record/events.ts'
import { readCurves, readLines } from '../../src/core/record/ledger.ts'
import { type GitHub, startGitHub } from '../loopback-github/index.ts'
import type { ScriptedConversation } from '../model/script.ts'
import { startModel } from '../model/server.ts'
import type { ChatRequest } from '../model/validate.ts'
import { type FinishedJob, type JobOptions, type RunningJob, startJob } from '../runner.ts'

/** As on a machine that trains often, V8's code of the action is kept: compiling it takes longer than most jobs. */
const COMPILE_CACHE = fileURLToPath(
  new URL('../../node_modules/.cache/autoresearch-compile-cache', import.meta.url),
)
const FIXTURE = fileURLToPath(new URL('../fixtures/research', import.meta.url))
export const REPOSITORY = 'acme/research'

type StartOptions = Pick<JobOptions, 'ref' | 'environment' | 'runId'>

/** Closes itself at the end of the block of an `await using`. */
export interface Research extends AsyncDisposable {
  github: GitHub
  /** What the configuration calls, unless `fields` says otherwise. */
  modelUrl: string
  start(inputs: Record<string, string>, options?: StartOptions): Promise<RunningJob>
  run(inputs: Record<string, string>, options?: StartOptions): Promise<FinishedJob>
  /** Every line of the ledger as it is on the server. */
  ledger(): Promise<LedgerEvent[]>
  /** What the model was asked, in order. */
  asked: readonly ChatRequest[]
  /** A fresh directory that is removed at the end. */
  directory: string
}

/** One edit of train.mjs as a conversation of the scripted model. */
export function proposal(title: string, search: string, replace: string): ScriptedConversation {
  const edit = { name: 'edit_file', arguments: { path: 'train.mjs', search, replace } }
  const submit = {
    name: 'submit',
    arguments: { title, hypothesis: `${title} helps.`, category: 'optimizer', expected_effect: 'lower loss' },
  }
  return { label: title, answers: [{ toolCalls: [edit] }, { toolCalls: [submit] }] }
}

/**
 * @param fields of the configuration, in the place of those of the fixture
 * @param train what `train.mjs` is instead
 */
export async function startResearch(
  conversations: readonly ScriptedConversation[],
  fields: Readonly<Record<string, unknown>> = {},
  train?: string,
): Promise<Research> {
  const directory = await mkdtemp(join(tmpdir(), 'autoresearch-test-'))
  const [github, model] = await Promise.all([startGitHub(), startModel({ conversations })])
  await github.createRepository(REPOSITORY, {
    from: await repositoryFiles(directory, model.baseUrl, fields, train),
    allowActionsToCreatePullRequests: true,
  })
  const toolCache = await makeToolCache(directory)
  const permissions = {
    contents: 'write',
    pull_requests: 'write',
    checks: 'write',
    issues: 'write',
  } as const
  const token = github.issueToken({ repository: REPOSITORY, kind: 'actions', permissions })
  const start: Research['start'] = (inputs, options) =>
    startJob({
      serverUrl: github.url,
      apiUrl: github.apiUrl,
      repository: REPOSITORY,
      checkoutToken: token,
      inputs: { token, 'openai-api-key': 'sk-loopback', ...inputs },
      directory,
      toolCache,
      ...options,
    })
  return {
    github,
    modelUrl: model.baseUrl,
    asked: model.requests,
    directory,
    start,
    run: async (inputs, options) => (await start(inputs, options)).finished,
    ledger: () => readLedger(github.repository(REPOSITORY).gitDir),
    async [Symbol.asyncDispose]() {
      await Promise.all([github.close(), model.close()])
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function makeToolCache(directory: string): Promise<string> {
  const toolCache = join(directory, 'tool-cache')
  await Promise.all([mkdir(toolCache), mkdir(COMPILE_CACHE, { recursive: true })])
  await symlink(COMPILE_CACHE, join(toolCache, 'autoresearch-compile-cache'))
  return toolCache
}

async function repositoryFiles(
  directory: string,
  baseUrl: string,
  fields: Readonly<Record<string, unknown>>,
  train?: string,
): Promise<string> {
  const files = join(directory, 'files')
  await cp(FIXTURE, files, { recursive: true })
  if (train !== undefined) await writeFile(join(files, 'train.mjs'), train)
  const path = join(files, '.github/autoresearch.yml')
  const config = { ...parse(await readFile(path, 'utf8')), ...fields }
  config.proposers = fields.proposers ?? [{ kind: 'openai', model: 'scripted', 'base-url': baseUrl }]
  await writeFile(path, stringify(config))
  return files
}

/** Every event of the ledger in a repository, trials with their curves. */
export async function readLedger(gitDir: string): Promise<LedgerEvent[]> {
  const read = readLines(await readKind(gitDir, 'ledger'))
  if (read.kind !== 'lines') throw new Error(`ledger line ${read.line}: ${read.problem}`)
  const curves = readCurves(await readKind(gitDir, 'curves'))
  return read.entries.map(({ event, curve: place }) => {
    const curve = place && curves.get(place.hash)
    return event.kind === 'trial' && curve ? { ...event, result: { ...event.result, curve } } : event
  })
}

/** All files of a kind, one after another. */
async function readKind(gitDir: string, kind: 'ledger' | 'curves'): Promise<string> {
  const git = async (...args: string[]) =>
    (await execa('git', ['-C', gitDir, ...args], { stripFinalNewline: false })).stdout
  const paths = (await git('ls-tree', '-r', '--name-only', 'autoresearch/ledger', `${kind}/`)).trim()
  if (paths === '') return ''
  return git('show', ...paths.split('\n').map((path) => `autoresearch/ledger:${path}`))
}
