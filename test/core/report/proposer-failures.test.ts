// What a report says when a proposer failed all the time.
import { expect, test } from 'vitest'
import {
  type Attempted,
  addAttempt,
  type ProposerTally,
  startTally,
} from '../../../src/core/propose/proposer-tally.ts'
import { renderPage } from '../../../src/core/report/page.ts'
import { buildReport, renderReport } from '../../../src/core/report/report.ts'
import { aConfig, aState, CONDITIONS } from '../../factories.ts'

const nothing = (reason: string, exhausted = false): Attempted => ({ kind: 'nothing', reason, exhausted })

function tallyOf(name: string, ...outcomes: readonly Attempted[]): ProposerTally {
  return outcomes.reduce(addAttempt, startTally(name))
}

function reportOn(...tallies: readonly ProposerTally[]) {
  return buildReport(aState(), CONDITIONS, aConfig(), undefined, undefined, tallies)
}

const FAILED = tallyOf('openai gpt-x', nothing('empty answer'), nothing('cut | off'), nothing('empty answer'))

test('F101 says so first, with a table of reasons, on run page and report', () => {
  const report = reportOn(FAILED)
  const [, warning, table] = renderReport(report).split('\n\n')
  expect(warning).toBe(
    '**Warning: Nothing was proposed: no attempt of openai gpt-x produced a usable candidate.**',
  )
  expect(table).toContain('| openai gpt-x | 3 | empty answer | 2 |')
  expect(renderPage(report)).toContain(
    '<tr><td>openai gpt-x</td><td>3</td><td>empty answer</td><td>2</td></tr>',
  )
})

test('F101 names one that failed beside others', () => {
  const [, warning] = renderReport(reportOn(FAILED, tallyOf('other', { kind: 'proposed' }))).split('\n\n')
  expect(warning).toBe('**Warning: No attempt of openai gpt-x produced a usable candidate.**')
})

test('says nothing of one that proposed something, has no further idea, or was not asked', () => {
  const tallies = [
    tallyOf('one', nothing('empty answer'), { kind: 'proposed' }),
    tallyOf('knobs', nothing('every constant was tried', true)),
    tallyOf('idle'),
  ]
  expect(renderReport(reportOn(...tallies))).not.toContain('Warning')
})

test('quotes reasons as data', () => {
  const tally = tallyOf('openai gpt-x', nothing('<img src=x> @octo'))
  const report = reportOn(tally)
  expect(renderReport(report)).not.toMatch(/<img|@octo/)
  expect(renderPage(report)).not.toContain('<img')
})
