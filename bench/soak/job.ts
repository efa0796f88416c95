// What the command `run` does, in a process of its own. It waits for GitHub as often as the action does; SECOND_MILLISECONDS says
// how long one of its seconds is. SLOTS: trials side by side, whatever the machine has cores for.
import { fileURLToPath } from 'node:url'
import { actionsLog, readInputs } from '../../src/adapters/actions.ts'
import { readRunnerContext } from '../../src/adapters/runner-context.ts'
import { wholeMachine } from '../../src/adapters/trainer/slots.ts'
import { run } from '../../src/commands/run.ts'
import { type Job, sessionSettings } from '../../src/jobs/job.ts'
import { wirePorts } from '../../src/jobs/ports.ts'
import { wireProposing } from '../../src/jobs/proposers.ts'
import { publishReport } from '../../src/jobs/publish.ts'
import { wireTrainer } from '../../src/jobs/training.ts'

const PYTHON = fileURLToPath(new URL('../../python', import.meta.url))

const job: Job = {
  inputs: readInputs(),
  runner: readRunnerContext(process.env),
  cancelled: new AbortController().signal,
  secondMilliseconds: Number(process.env.SECOND_MILLISECONDS),
}
const [first, ...others] = Array.from({ length: Number(process.env.SLOTS ?? 1) }, wholeMachine)
if (!first) throw new Error('SLOTS is less than 1')
const trainer = await wireTrainer(job, actionsLog, PYTHON, [first, ...others])
const { timeBudgetSeconds } = job.inputs
const settings = { ...sessionSettings(job, trainer.testbed), timeBudgetSeconds }
const { session, times } = await run({ ...(await wirePorts(job)), ...wireProposing(job), trainer }, settings)
await publishReport(job, session, times)
process.exit()
