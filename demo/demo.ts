// The whole loop on this machine: a loopback GitHub, a research repository that really trains, and the built action.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parse, stringify } from 'yaml'
import { openSandbox } from '../src/adapters/sandbox/sandbox.ts'
import type { Headlines } from '../src/core/report/headlines.ts'
import { UserFacingError } from '../src/errors.ts'
import { type GitHub, startGitHub } from '../test/loopback-github/index.ts'
import { startModel } from '../test/model/server.ts'
import { type FinishedJob, startJob } from '../test/runner.ts'
import { printJobLine, printResult, say } from './console.ts'
import { addScales, LADDER_IDEAS, printLadder } from './ladder.ts'
import { conversations, ladderConversations } from './proposals.ts'

const EXAMPLE = fileURLToPath(new URL('../examples/char-lm', import.meta.url))
const REPOSITORY = 'you/char-lm'
const CANDIDATES = 8
const CONFIG = '.github/autoresearch.yml'

interface Endpoint {
  baseUrl: string
  model: string
  apiKey: string
  close(): Promise<void>
}

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: 'out/demo' },
    keep: { type: 'boolean', default: false },
    live: { type: 'boolean', default: false },
    /** Two scales: what is merged at the small one is tested at the large one. */
    ladder: { type: 'boolean', default: false },
  },
})

/** A scripted model over real HTTP, or with `--live` the real one. */
async function openEndpoint(): Promise<Endpoint> {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl, OPENAI_MODEL: model = 'gpt-5' } = process.env
  if (!options.live) {
    const server = await startModel({ conversations: options.ladder ? ladderConversations : conversations })
    return { baseUrl: server.baseUrl, model: 'scripted', apiKey: 'sk-loopback', close: server.close }
  }
  if (!apiKey || !baseUrl)
    throw new Error('--live needs OPENAI_API_KEY and OPENAI_BASE_URL (and OPENAI_MODEL)')
  return { baseUrl, model, apiKey, close: async () => {} }
}

/** A stranger's machine may lack bubblewrap. The action would refuse to train there; this demo trains our own code. */
async function chooseSandbox(): Promise<'bubblewrap' | 'none'> {
  try {
    await openSandbox('bubblewrap')
    return 'bubblewrap'
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error
    say(
      `This demo trains without a sandbox, because its code is our own. The action would refuse: ${error.message}.`,
    )
    say(error.hint)
    return 'none'
  }
}

/** The example as a repository on the loopback GitHub, with this demo's two proposers in its configuration. */
async function createRepository(github: GitHub, endpoint: Endpoint, scratch: string): Promise<void> {
  const source = join(scratch, 'char-lm')
  await cp(EXAMPLE, source, {
    recursive: true,
    filter: (path) => !/node_modules|\.data(-eval)?$|\.out$/.test(path),
  })
  const config = parse(await readFile(join(source, CONFIG), 'utf8'))
  config.proposers = [
    { kind: 'openai', model: endpoint.model, 'base-url': endpoint.baseUrl },
    { kind: 'knobs' },
  ]
  config.sandbox = await chooseSandbox()
  await writeFile(join(source, CONFIG), stringify(config))
  if (options.ladder) await addScales(source, CONFIG)
  await github.createRepository(REPOSITORY, { from: source, allowActionsToCreatePullRequests: true })
}

/**
 * Runs the action until it ends by itself. When it is killed it is started again, as the next scheduled run would.
 *
 * @param candidates how many there are in the end
 */
async function runAction(
  github: GitHub,
  endpoint: Endpoint,
  scratch: string,
  candidates: number,
): Promise<FinishedJob> {
  const permissions = { contents: 'write', pull_requests: 'write', checks: 'write' } as const
  const token = github.issueToken({ repository: REPOSITORY, kind: 'actions', permissions })
  for (let attempt = 1; ; attempt += 1) {
    const proposed = github.repository(REPOSITORY).pulls.length
    const job = await startJob({
      serverUrl: github.url,
      apiUrl: github.apiUrl,
      repository: REPOSITORY,
      checkoutToken: token,
      inputs: {
        command: 'run',
        token,
        'openai-api-key': endpoint.apiKey,
        'time-budget': '30m',
        candidates: String(Math.max(0, candidates - proposed)),
      },
      directory: join(scratch, 'runner'),
      toolCache: join(scratch, 'tool-cache'),
      runId: `${candidates}${attempt}`,
      onLine: printJobLine,
    })
    const finished = await job.finished
    if (finished.signal === undefined) return finished
    say(`The action was ended by ${finished.signal}. Starting it again; it resumes from the ledger.`)
  }
}

/** With two scales, one job for each idea, so that the second builds on the first. */
async function runJobs(github: GitHub, endpoint: Endpoint, scratch: string): Promise<FinishedJob> {
  for (let candidates = options.ladder ? 1 : CANDIDATES; ; candidates += 1) {
    const finished = await runAction(github, endpoint, scratch, candidates)
    if (finished.exitCode !== 0)
      throw new Error(`the action failed with exit code ${finished.exitCode}; its log is above`)
    if (!options.ladder || candidates >= LADDER_IDEAS) return finished
    say('The next scheduled run:')
  }
}

/** Requests as GitHub counts them against an app. */
function countRequests(github: GitHub): { total: number; contentCreating: number } {
  const { requests } = github
  return {
    total: requests.length,
    contentCreating: requests.filter((request) => request.contentCreating).length,
  }
}

async function writeSummary(
  out: string,
  github: GitHub,
  finished: FinishedJob,
  seconds: number,
): Promise<Headlines> {
  const headlines: Headlines = JSON.parse(finished.outputs.summary ?? '{}')
  const { counts, candidates, trials, baseline, metric, busyFraction } = headlines
  const { merged, rejected, cut, crashed } = counts
  const summary = {
    candidates,
    merged,
    rejected,
    cut,
    crashed,
    trials,
    baseline,
    metric,
    seconds,
    busyFraction,
    requests: countRequests(github),
  }
  await writeFile(join(out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`)
  await cp(finished.outputs.report ?? '', join(out, 'report.html'))
  await writeFile(join(out, 'log.txt'), finished.log)
  await writeFile(join(out, 'job-summary.md'), finished.summary)
  return headlines
}

async function main(): Promise<void> {
  const begun = performance.now()
  const out = resolve(options.out)
  const scratch = await mkdtemp(join(tmpdir(), 'autoresearch-demo-'))
  await mkdir(out, { recursive: true })
  const github = await startGitHub()
  const endpoint = await openEndpoint()
  try {
    await createRepository(github, endpoint, scratch)
    say(`A loopback GitHub with examples/char-lm is at ${github.url}/${REPOSITORY}`)
    say(
      options.live
        ? `Proposals come from ${endpoint.model} and from knobs.`
        : `Proposals come from a hand-written script (no model is called)${options.ladder ? '' : ' and from knobs'}. All numbers are measured.`,
    )
    const finished = await runJobs(github, endpoint, scratch)
    const headlines = await writeSummary(out, github, finished, (performance.now() - begun) / 1000)
    printResult(headlines, github.repository(REPOSITORY).pulls)
    if (options.ladder) await printLadder(headlines, github.repository(REPOSITORY))
    say(`Report: ${join(out, 'report.html')}`)
    if (options.keep) await keepOpen(github)
  } finally {
    await Promise.all([endpoint.close(), github.close()])
    await rm(scratch, { recursive: true, force: true })
  }
}

function keepOpen(github: GitHub): Promise<void> {
  say(`Pull requests: ${github.url}/${REPOSITORY}/pulls   (Ctrl+C ends the server)`)
  return new Promise((resolve) => process.once('SIGINT', () => resolve()))
}

await main()
