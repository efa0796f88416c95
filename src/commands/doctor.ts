// The command `doctor`: checks everything that a night needs, and collects every problem instead of stopping at the first.
import { type Check, inOrder, ok, skipped } from '../core/doctor/check.ts'
import { checkNight } from '../core/doctor/night.ts'
import { checkConstants } from '../core/doctor/repository.ts'
import { checkRuns } from '../core/doctor/training.ts'
import { isEditable } from '../core/gate/gate.ts'
import type { AskModel, GitHubProbe, MachineProbe } from '../ports/doctor.ts'
import type { RemoteBranches } from '../ports/repository.ts'
import { Diagnosis } from '../session/doctor/diagnosis.ts'
import { type RunPorts, trainBaseline } from '../session/doctor/runs.ts'
import {
  checksOfFiles,
  findSubject,
  type Place,
  readSubject,
  type Subject,
} from '../session/doctor/subject.ts'
import {
  diagnoseGitHub,
  diagnoseMachine,
  diagnoseProposers,
  diagnoseProxy,
  type ProposerSecrets,
} from '../session/doctor/surroundings.ts'

export interface DoctorPorts extends RunPorts {
  /** Absent without a token. */
  github?: GitHubProbe
  machine: MachineProbe
  askModel: AskModel
}

export interface DoctorSettings extends ProposerSecrets {
  configPath: string
  /** What is checked out in a clone that is used without GitHub; absent: the branches of the remote are read. */
  place?: Place
  repositoryUrl: string
  timeBudgetSeconds: number
}

/** @returns the checks in the order in which they are shown */
export async function doctor(ports: DoctorPorts, settings: DoctorSettings): Promise<readonly Check[]> {
  const diagnosis = new Diagnosis()
  await diagnose(diagnosis, ports, settings)
  return inOrder(diagnosis.checks)
}

async function diagnose(diagnosis: Diagnosis, ports: DoctorPorts, settings: DoctorSettings): Promise<void> {
  const { repository, github, machine, askModel } = ports
  // First, because everything else goes out through it.
  await diagnoseProxy(diagnosis, machine)
  const { branches, subject } = await examine(diagnosis, ports, settings)
  const { repositoryUrl } = settings
  if (github && branches)
    await diagnoseGitHub(diagnosis, github, { repository, branches, subject, repositoryUrl })
  else diagnosis.checks.push({ area: 'GitHub', id: 'token', ...skipped(github ? UNREADABLE : NO_GITHUB) })
  await diagnoseMachine(diagnosis, machine, subject?.config.sandbox.kind ?? 'bubblewrap')
  if (!subject) return
  const runSeconds = await diagnoseTraining(diagnosis, ports, settings, subject)
  const { config, files } = subject
  await diagnosis.attempt('proposers', 'constants', async () => checkConstants(config, files))
  await diagnoseProposers(diagnosis, askModel, config, settings)
  if (runSeconds === undefined) return
  const { timeBudgetSeconds } = settings
  const sourceCharacters = charactersToRead(subject)
  diagnosis.checks.push(checkNight({ config, runSeconds, timeBudgetSeconds, sourceCharacters }))
}

const UNREADABLE = 'the permissions are not probed: the branches of the repository could not be read'
const NO_GITHUB = 'GitHub is not asked: this is a clone without GITHUB_TOKEN and GITHUB_REPOSITORY'

/** Reads what is researched; without a valid configuration there is no subject, and its problems are a check. */
async function examine(
  diagnosis: Diagnosis,
  { repository }: DoctorPorts,
  { configPath, place }: DoctorSettings,
): Promise<{ branches?: RemoteBranches; subject?: Subject }> {
  const found: { branches?: RemoteBranches; subject?: Subject } = {}
  await diagnosis.attempt('configuration', 'file', async () => {
    if (place) found.subject = await readSubject(repository, configPath, place)
    else {
      found.branches = await repository.remoteBranches()
      found.subject = await findSubject(repository, configPath, found.branches)
    }
    return checksOfFiles(found.subject, configPath)
  })
  return found
}

/** @returns the wall time of a run; undefined when none was measured */
async function diagnoseTraining(
  diagnosis: Diagnosis,
  ports: DoctorPorts,
  { configPath, timeBudgetSeconds, place: given }: DoctorSettings,
  { config, place }: Subject,
): Promise<number | undefined> {
  let seconds: number | undefined
  await diagnosis.attempt('training', 'setup', async () => {
    const check = { area: 'training', id: 'setup' } as const
    if (diagnosis.hasProblem('sandbox'))
      return { ...check, ...skipped('nothing is trained without the sandbox') }
    const runs = await trainBaseline(ports, place.commit, config.timeoutSeconds, timeBudgetSeconds)
    if (runs.first.value !== undefined) seconds = runs.first.wallSeconds
    const setup = ok(config.setup === undefined ? 'there is no `setup` to run' : '`setup` succeeded')
    return [{ ...check, ...setup }, ...checkRuns(runs, config, configPath, given ? undefined : place.branch)]
  })
  return seconds
}

function charactersToRead({ files, config }: Subject): number {
  return [...files].reduce(
    (sum, [path, text]) => sum + (isEditable(path, config.editable) ? text.length : 0),
    0,
  )
}
