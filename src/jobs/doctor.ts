// The job of the command `doctor`: checks what a night needs on GitHub, on this machine and in the configuration.
import { actionsLog, fail, setOutputs, writeJobSummary } from '../adapters/actions.ts'
import { systemClock } from '../adapters/clock.ts'
import { createRepository } from '../adapters/git/repository.ts'
import { createProbe } from '../adapters/github/probe.ts'
import { createMachineProbe } from '../adapters/machine-probe.ts'
import { askOnce } from '../adapters/openai/ask-once.ts'
import { type DoctorPorts, doctor } from '../commands/doctor.ts'
import { type Check, conclusionOf, isReady } from '../core/doctor/check.ts'
import { describeChecks, doctorJson, summarizeChecks } from '../core/doctor/render.ts'
import type { Log } from '../ports/job.ts'
import type { Place } from '../session/doctor/subject.ts'
import { gitContext, type Job } from './job.ts'
import { connectJob } from './ports.ts'
import { wireTrainer } from './training.ts'

/** @param place what is checked out, in a clone that is used without GitHub */
export function diagnose(job: Job, log: Log, place?: Place): Promise<readonly Check[]> {
  const { inputs, runner, cancelled } = job
  const ports: DoctorPorts = {
    repository: createRepository(gitContext(job)),
    ...(place ? {} : { github: createProbe(connectJob(job)) }),
    machine: createMachineProbe(process.env, cancelled),
    openTrainer: () => wireTrainer(job, log),
    askModel: (endpoint, key) => askOnce(endpoint, key, cancelled),
    clock: systemClock,
    log,
    cancelled,
  }
  const repositoryUrl = `${runner.serverUrl}/${runner.repository}`
  return doctor(ports, { ...inputs, repositoryUrl, ...(place ? { place } : {}) })
}

export default async function doctorJob(job: Job): Promise<void> {
  const checks = await diagnose(job, actionsLog)
  actionsLog.info(describeChecks(checks))
  await writeJobSummary(summarizeChecks(checks))
  setOutputs({ summary: JSON.stringify(doctorJson(checks)) })
  if (!isReady(checks)) fail(conclusionOf(checks))
}
