// Publishes what a job produced: the report for people, and the outputs for later steps.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setOutputs, writeJobSummary } from '../adapters/actions.ts'
import type { ProposerTally } from '../core/propose/proposer-tally.ts'
import { headlines } from '../core/report/headlines.ts'
import { renderPage } from '../core/report/page.ts'
import { buildReport, type RunTimes, renderFailures, renderReport } from '../core/report/report.ts'
import type { TrialBatch } from '../core/trial/batch.ts'
import type { Session } from '../session/session.ts'
import type { Job } from './job.ts'

/** Outputs the trials as the matrix of the train jobs that follow. */
export function publishTrials(batches: readonly TrialBatch[]): void {
  setOutputs({ trials: JSON.stringify(batches), 'has-trials': String(batches.length > 0) })
}

/** For a job without a report: the job summary says why it requested no more proposals, and which proposers failed. */
export async function publishLimit(
  { spending: { limitReached } }: Session,
  proposers: readonly ProposerTally[],
): Promise<void> {
  const limit = limitReached === undefined ? [] : [`No more proposals: ${limitReached}.`]
  const parts = [...renderFailures(proposers), ...limit]
  if (parts.length > 0) await writeJobSummary(parts.join('\n\n'))
}

/** @param times how the device spent its time; only in jobs that train */
export async function publishReport(
  { runner }: Job,
  session: Session,
  times?: RunTimes,
  proposers: readonly ProposerTally[] = [],
): Promise<void> {
  const report = buildReport(
    session.state,
    session.conditions,
    session.config,
    times,
    session.spending.limitReached,
    proposers,
  )
  const links = { repository: `${runner.serverUrl}/${runner.repository}` }
  const directory = join(runner.temporaryDirectory, 'autoresearch')
  const path = join(directory, 'report.html')
  await mkdir(directory, { recursive: true })
  await writeFile(path, renderPage(report, links))
  await writeJobSummary(renderReport(report, links))
  setOutputs({ report: path, summary: JSON.stringify(headlines(report)) })
}
