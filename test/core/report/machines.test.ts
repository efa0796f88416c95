// What the report says of a fleet of unequal machines.
import { expect, test } from 'vitest'
import { renderPage } from '../../../src/core/report/page.ts'
import { buildReport, renderReport } from '../../../src/core/report/report.ts'
import {
  aCandidate,
  aConfig,
  aState,
  aTrialResult,
  aVerdict,
  CONDITIONS,
  revertOrigin,
  sha,
  trialResults,
} from '../../factories.ts'
import { HOSTILE } from './hostile.ts'
import { rendered } from './rendered.ts'

const OTHER = '1 × OtherGPU, driver 2.0'
const config = aConfig({ search: { ...aConfig().search, deviceHourDollars: 3 } })

const winner = (name: string, testbed: string) =>
  aCandidate({
    name,
    verdict: aVerdict({ testbed }),
    end: { kind: 'merged', commit: sha(name), asTrained: true },
  })

/** Three runs of the baseline and one merge on one kind; one run of the baseline, one merge and a rejection on `other`. */
function aFleet(other = OTHER) {
  const [here, there] = [winner('here', CONDITIONS.testbed), winner('there', other)]
  const rejected = aCandidate({
    name: 'rejected',
    verdict: aVerdict({ kind: 'reject' }),
    end: { kind: 'closed' },
  })
  const trials = [
    ...trialResults([2.5, 2.51, 2.49], { deviceSeconds: 300 }),
    aTrialResult({ candidate: here, deviceSeconds: 600 }),
    aTrialResult({ testbed: other, replicate: 9, deviceSeconds: 900 }),
    aTrialResult({ candidate: there, testbed: other, deviceSeconds: 900 }),
    aTrialResult({ candidate: rejected, testbed: other, deviceSeconds: 1800 }),
  ]
  return aState({ candidates: [here, there, rejected], trials })
}

test('each class has its trials, device time, value and merges, the one that took most first', () => {
  const report = renderReport(buildReport(aFleet(), CONDITIONS, config))
  expect(report.slice(report.indexOf('## Machines'))).toMatchInlineSnapshot(`
    "## Machines

    Numbers are compared only between equal machines, so each class measures the baseline for itself. A device hour is valued at &dollar;3 (search.device-hour).

    | machine | trials | device time | baseline share | value | merges | device time per merge |
    | --- | --- | --- | --- | --- | --- | --- |
    | 1 × OtherGPU, driver 2.0 | 3 | 1h | 25 % | &dollar;3.00 | 1 | 1h |
    | 1 × TestGPU, driver 1.0 | 4 | 25m | 60 % | &dollar;1.25 | 1 | 25m |"
  `)
})

test('a merge that was reverted does not count', () => {
  const state = aFleet()
  const revert = aCandidate({
    name: 'revert',
    origin: revertOrigin(sha('there')),
    end: { kind: 'merged', commit: sha('reverted'), asTrained: true },
  })
  const reverted = { ...state, candidates: new Map([...state.candidates, [revert.id, revert]]) }
  expect(buildReport(reverted, CONDITIONS, config).machines?.classes.map(({ merges }) => merges)).toEqual([
    0, 1,
  ])
})

test('archived trials, whose machine is not known, are named', () => {
  const state = aFleet()
  const archived = { ...state, archive: { ...state.archive, deviceMilliseconds: 7_200_000 } }
  expect(renderReport(buildReport(archived, CONDITIONS, config))).toContain(
    '2h of older trials are not divided',
  )
})

test('with one class there is no table', () => {
  const report = buildReport(aState({ trials: trialResults([2.5, 2.6]) }), CONDITIONS, config)
  expect(renderReport(report)).not.toContain('Machines')
  expect(renderPage(report)).not.toContain('Machines')
})

test('the page shows the same', () => {
  expect(renderPage(buildReport(aFleet(), CONDITIONS, config))).toContain(
    `<td class="title">${OTHER}</td><td class="number">3</td><td class="number">1h</td>`,
  )
})

test.each(HOSTILE)('F64 a machine that is called %s shows literal text', (_, testbed) => {
  const active = (name: string) =>
    rendered(renderReport(buildReport(aFleet(name), CONDITIONS, config))).active
  expect(active(testbed)).toEqual(active(OTHER))
})
