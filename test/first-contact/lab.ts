// A repository that the action has never seen, on the loopback GitHub: from the copied workflow to the first judged pull request.
// What a person does is counted: copying the workflow and merging the onboarding pull request are all that is allowed.
import { copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { startGitHub } from '../loopback-github/index.ts'
import { type FinishedJob, startJob } from '../runner.ts'

const TEMPLATE = fileURLToPath(new URL('../../templates/solo.yml', import.meta.url))
const MACHINE = fileURLToPath(new URL('../fixtures/first-contact/machine', import.meta.url))
const REPOSITORY = 'acme/first-contact'
const PERMISSIONS = {
  contents: 'write',
  pull_requests: 'write',
  checks: 'write',
  issues: 'write',
  actions: 'write',
} as const

interface Step {
  name: string
  seconds: number
  log: string
}

export interface FirstContact {
  /** What was done, in order, with the time it took. */
  steps: readonly Step[]
  /** What `init` concluded. */
  init: { recognised: string; recipe: string | null; missing: string[] }
  doctor: { ready: boolean; checks: { id: string; state: string; text: string; remedy: string | null }[] }
  /** Conclusion and title of the check of each pull request that proposes a change, in the order of the pull requests. */
  checks: { conclusion: string | null; title: string | null }[]
}

export interface FirstContactOptions {
  /** Folder with the files of the repository. */
  files: string
  /** Variables of the machine. */
  environment?: Readonly<Record<string, string>>
  candidates?: number
}

/** @throws Error with the log of the first step that failed */
export async function meet({
  files,
  environment,
  candidates = 1,
}: FirstContactOptions): Promise<FirstContact> {
  const directory = await mkdtemp(join(tmpdir(), 'autoresearch-test-'))
  const github = await startGitHub()
  try {
    const from = join(directory, 'files')
    await cp(files, from, { recursive: true, verbatimSymlinks: true })
    await mkdir(join(from, '.github/workflows'), { recursive: true })
    await copyFile(TEMPLATE, join(from, '.github/workflows/autoresearch.yml'))
    await github.createRepository(REPOSITORY, { from, allowActionsToCreatePullRequests: true })
    const token = github.issueToken({ repository: REPOSITORY, kind: 'actions', permissions: PERMISSIONS })
    const steps: Step[] = []
    const path = await equip(directory)
    const dispatch = async (command: string, inputs: Record<string, string> = {}): Promise<FinishedJob> => {
      const started = performance.now()
      const job = await startJob({
        serverUrl: github.url,
        apiUrl: github.apiUrl,
        repository: REPOSITORY,
        checkoutToken: token,
        inputs: { token, command, 'time-budget': '5h30m', ...inputs },
        directory,
        toolCache: join(directory, 'tool-cache'),
        // Without a device, whatever this machine has.
        environment: { HOME: directory, CUDA_VISIBLE_DEVICES: '', PATH: path, ...environment },
      })
      const finished = await job.finished
      steps.push({ name: command, seconds: (performance.now() - started) / 1000, log: finished.log })
      if (finished.exitCode !== 0) throw new Error(`${command} failed:\n${finished.log}`)
      return finished
    }
    const init = JSON.parse((await dispatch('init')).outputs.summary ?? '')
    await mergeOnboarding(github.apiUrl, token)
    const doctor = JSON.parse((await dispatch('doctor')).outputs.summary ?? '')
    await dispatch('run', { candidates: String(candidates) })
    const { pulls, checkRuns } = github.repository(REPOSITORY)
    const proposals = pulls.filter(({ head }) => head.ref.startsWith('autoresearch/c/'))
    const checks = proposals.map(({ head }) => {
      const check = checkRuns.find(({ headSha }) => headSha === head.sha)
      return { conclusion: check?.conclusion ?? null, title: check?.output.title ?? null }
    })
    return { steps, init, doctor, checks }
  } finally {
    await github.close()
    await rm(directory, { recursive: true, force: true })
  }
}

/** A machine on which `uv` and the packages of the stand-ins are installed. @returns its PATH */
export async function equip(directory: string): Promise<string> {
  const { stdout } = await execa('python3', ['-c', 'import sys; print(sys.executable)'])
  const bin = join(directory, 'bin')
  await cp(MACHINE, bin, { recursive: true })
  const start = `#!/bin/sh\nPYTHONPATH="$PYTHONPATH:${bin}/site" exec ${stdout} "$@"\n`
  await writeFile(join(bin, 'python3'), start, { mode: 0o755 })
  return [bin, process.env.PATH].join(delimiter)
}

/** The one manual step. */
async function mergeOnboarding(apiUrl: string, token: string): Promise<void> {
  const pull = `${apiUrl}/repos/${REPOSITORY}/pulls/1`
  const headers = { authorization: `Bearer ${token}` }
  // GitHub works out whether it can be merged when somebody looks at it.
  for (let looks = 0; looks < 10; looks += 1) {
    const answer = await (await fetch(pull, { headers })).text()
    if (answer.includes('"mergeable":true')) break
  }
  const response = await fetch(`${pull}/merge`, { method: 'PUT', headers, body: '{"merge_method":"squash"}' })
  if (!response.ok) throw new Error(`the onboarding pull request: ${response.status} ${await response.text()}`)
}
