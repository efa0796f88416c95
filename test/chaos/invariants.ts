// What must be true after a night, whatever happened in it.
import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { CANDIDATE_BRANCH_PREFIX, type Candidate, candidateBranch } from '../../src/core/record/candidate.ts'
import { replay, type State } from '../../src/core/record/state.ts'
import type { Repository } from '../loopback-github/store.ts'
import { IDEAS } from './laboratory.ts'
import { readEvents } from './ledger.ts'
import { type Night, REPOSITORY } from './night.ts'
import type { People } from './people.ts'
import { peopleViolations } from './people-invariants.ts'

/** Every violation, as a sentence. */
export async function violationsOf(night: Night): Promise<string[]> {
  const repository = night.github.repository(REPOSITORY)
  const events = await readEvents(repository.gitDir)
  if (!events) return ['there is no ledger']
  const state = replay(events)
  const refs = await repository.git.refs('refs/')
  return [
    ...night.github.violations.map((one) => `a request unlike GitHub's description: ${JSON.stringify(one)}`),
    ...oneOfEach(night.people, repository, state),
    ...night.held,
    ...peopleViolations(night, repository, state),
    ...repeatedEvents(events),
    ...endsOf(night, state),
    ...branchesLeft(repository, state, refs),
    ...(await merges(night, repository, state)),
    ...jobsThatEnded(night),
    ...jobsThatIdled(night),
    ...(await leftovers(night.directory)),
  ]
}

function oneOfEach(people: People, { pulls, checkRuns, comments }: Repository, state: State): string[] {
  const candidates = [...state.candidates.values()]
  const found: string[] = []
  for (const candidate of candidates) {
    const { id, title } = candidate
    const own = pulls.filter(({ head }) => head.ref === candidateBranch(id))
    if (own.length > 1) found.push(`${title} has ${own.length} pull requests`)
    const [pull] = own
    if (!pull) continue
    const written = comments.filter((one) => one.issueNumber === pull.number && one.user.type === 'Bot')
    const isDeleted = written.length === 0 && people.commentDeleted.has(pull.number)
    if (written.length !== 1 && !isDeleted)
      found.push(`#${pull.number} has ${written.length} comments of the action`)
    const isTheirs =
      candidate.end?.kind === 'handed-over' ||
      candidate.end?.kind === 'withdrawn' ||
      people.reopened.has(pull.number)
    if (pull.state === 'open' && !isTheirs)
      found.push(`#${pull.number} is open, and its candidate ${candidate.end?.kind ?? 'has not ended'}`)
  }
  for (const [key, runs] of Map.groupBy(checkRuns, ({ headSha, name }) => `${name} on ${headSha}`))
    if (runs.length > 1) found.push(`${runs.length} check runs ${key}`)
  for (const { name, headSha, status } of checkRuns)
    if (status !== 'completed') found.push(`check run ${name} on ${headSha} is ${status}`)
  return found
}

function repeatedEvents(events: readonly { kind: string }[]): string[] {
  const keys = events.flatMap((event) => {
    if (!['proposed', 'opened', 'ended', 'trial'].includes(event.kind)) return []
    const { candidate, result } = event as {
      candidate?: string | Candidate
      result?: { trial: { id: string } }
    }
    return [
      `${event.kind} ${result?.trial.id ?? (typeof candidate === 'string' ? candidate : candidate?.id)}`,
    ]
  })
  return keys
    .filter((key, index) => keys.indexOf(key) !== index)
    .map((key) => `the ledger says twice: ${key}`)
}

/** An idea is rejected when so many jobs were killed while they trained it: it may be what kills machines. */
const LOST = /is lost: it started 3 times and never returned a valid result/
const LOSSES = 3

function endsOf(night: Night, state: State): string[] {
  const candidates = [...state.candidates.values()]
  const open = candidates.filter(({ end }) => end === undefined).map(({ title }) => `${title} has not ended`)
  const twice = Map.groupBy(candidates, ({ title }) => title)
  const repeated = [...twice]
    .filter(([, all]) => all.length > 1)
    .map(([title]) => `${title} was proposed twice`)
  if (!night.people.isHarmless) return open
  const killed = night.jobs.filter((job) => job.killed).length
  const wrong = IDEAS.flatMap(({ title, verdict }) => {
    const [candidate] = twice.get(title) ?? []
    if (!candidate) return [`${title} was never proposed`]
    const end = verdict === 'merge' ? 'merged' : 'closed'
    if (candidate.verdict?.kind === verdict && candidate.end?.kind === end) return []
    if (LOST.test(candidate.verdict?.reason ?? '') && killed >= LOSSES) return []
    return [
      `${title}: ${candidate.verdict?.kind} (${candidate.verdict?.reason}), ${JSON.stringify(candidate.end)}; not ${verdict}`,
    ]
  })
  return [...open, ...repeated, ...wrong]
}

function branchesLeft({ pulls }: Repository, state: State, refs: ReadonlyMap<string, string>): string[] {
  const found = refs.has('refs/autoresearch/job') ? ['the lease is still there'] : []
  for (const [ref, commit] of refs) {
    const [, id] = ref.split(`refs/heads/${CANDIDATE_BRANCH_PREFIX}`)
    if (id === undefined) continue
    const candidate = state.candidates.get(id)
    // A branch that a person moved, that waits for a person, or whose pull request is open, is theirs.
    const isOpen = pulls.some(({ state, head }) => state === 'open' && `refs/heads/${head.ref}` === ref)
    const isOurs = candidate?.head === commit && candidate.end?.kind !== 'handed-over' && !isOpen
    if (isOurs || !candidate) found.push(`${ref} is left: ${JSON.stringify(candidate?.end)}`)
  }
  return found
}

async function merges(night: Night, { git, pulls }: Repository, state: State): Promise<string[]> {
  const found: string[] = []
  const trained = new Set([...state.trials.values()].map(({ trial }) => trial.tree))
  for (const { title, end, verdict, tree, pullRequest } of state.candidates.values()) {
    if (end?.kind !== 'merged') continue
    const pull = pulls.find(({ number }) => number === pullRequest)
    if (pull?.mergedBy?.type === 'User') continue
    const merged = (await git.run(['rev-parse', `${end.commit}^{tree}`])).trim()
    if (verdict?.kind !== 'merge') found.push(`${title} was merged, its verdict is ${verdict?.kind}`)
    if (!trained.has(tree)) found.push(`${title} was merged and never trained`)
    if (merged !== tree && night.people.isHarmless)
      found.push(`${title} was merged into a tree that was not trained`)
    const runs = [...state.trials.values()].filter(({ trial }) => trial.tree === tree)
    if (runs.length < (verdict?.runs.candidate ?? 0))
      found.push(
        `${title}: its verdict counts ${verdict?.runs.candidate} runs, the ledger has ${runs.length}`,
      )
  }
  return found
}

/** No answer ends a job, and what people do does not either, but merging code that does not train. */
function jobsThatEnded({ jobs, people }: Night): string[] {
  const isExcused = (log: string) =>
    /another job (works|took)/.test(log) ||
    [...people.broken].some((commit) => new RegExp(`since then came .*${commit} \\(#`).test(log))
  return jobs
    .filter(({ killed, exitCode, log }) => !killed && exitCode !== 0 && !isExcused(log))
    .map(
      ({ name, exitCode, log }) => `${name} ended with ${exitCode}: ${log.split('\n').slice(-6).join(' | ')}`,
    )
}

/** A night has far more time than work: a job that used all of it waited for something that could not happen. */
function jobsThatIdled({ jobs }: Night): string[] {
  return jobs
    .filter(({ log }) => log.includes('No more proposals: the time budget is used up'))
    .map(({ name }) => `${name} waited until its time was used up`)
}

/** What the last job on each machine should have removed, and processes that still run. */
async function leftovers(directory: string): Promise<string[]> {
  const found: string[] = []
  for (const machine of await readdir(directory)) {
    const folders = ['tmp', 'temp', 'workspace/.git'].map((folder) => join(directory, machine, folder))
    // The results are for the next step of the job, and the runner removes them.
    for (const folder of folders)
      for (const name of await readdir(folder).catch((): string[] => []))
        if (name.startsWith('autoresearch-') && name !== 'autoresearch-results')
          found.push(`${join(machine, name)} is left in ${folder}`)
  }
  for (const pid of (await readdir('/proc')).filter(
    (name) => /^\d+$/.test(name) && Number(name) !== process.pid,
  )) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    if (!cwd.startsWith(directory) && !environment.includes(directory)) continue
    found.push(`process ${pid} still runs: ${await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')}`)
  }
  return found
}
