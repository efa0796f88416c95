// F107: which results of a round are refused because of where they lie.
import { expect, test } from 'vitest'
import { checkResult, refuseForeign, sharedJobs } from '../../../src/core/trial/trust.ts'
import { aBaseline, aCandidate, aState, aTrialResult, CONDITIONS } from '../../factories.ts'

const NOW = aBaseline('now')
const MINE = aCandidate({ name: 'mine', base: NOW.commit })
const THEIRS = aCandidate({ name: 'theirs', base: NOW.commit })
const mine = aTrialResult({ candidate: MINE, value: 2.4 })
const theirs = aTrialResult({ candidate: THEIRS, value: 2.6 })
const better = { ...theirs, value: 0.1 }

const fileOf = (artifact: string, result: typeof mine) => ({
  name: `${artifact}/${result.trial.id}/trial.json`,
  result,
})
const refusedIn = (...files: ReturnType<typeof fileOf>[]) => [...refuseForeign(files)]

test('F107 an artifact that answers for the trial of another job is refused and named', () => {
  const foreign = fileOf(`trials-${MINE.head}`, better)
  expect(
    refusedIn(fileOf(`trials-${MINE.head}`, mine), foreign, fileOf(`trials-${THEIRS.head}`, theirs)),
  ).toEqual([[foreign.name, expect.stringContaining(`artifact is that of ${MINE.head.slice(0, 7)}`)]])
})

test('F107 even where the other job returned nothing', () => {
  expect(refusedIn(fileOf(`trials-${MINE.head}`, better))).toHaveLength(1)
})

test('F107 even where the name of the artifact ends with the scale', () => {
  expect(refusedIn(fileOf(`trials-${MINE.head}-base`, better))).toHaveLength(1)
  expect(refusedIn(fileOf(`trials-${MINE.head}-base`, mine))).toEqual([])
})

test('F107 a job that candidates share answers for all of them, and for no others', () => {
  const other = aTrialResult({ candidate: aCandidate({ name: 'other', base: NOW.commit }), value: 2.5 })
  const shared = [[mine.trial.id, theirs.trial.id]]
  const state = aState({ assigned: new Map([['7', { command: 'propose', trials: shared.flat(), shared }]]) })
  const planned = new Map([mine, theirs, other].map(({ trial }) => [trial.id, trial]))
  const jobs = sharedJobs(state, '7', planned)
  const artifact = `trials-${MINE.head}-base`
  const refused = (...results: (typeof mine)[]) =>
    [
      ...refuseForeign(
        results.map((result) => fileOf(artifact, result)),
        jobs,
      ).keys(),
    ].length
  expect(refused(mine, theirs)).toBe(0)
  expect(refused(theirs)).toBe(0)
  expect(refused(mine, theirs, other)).toBe(1)
  expect(refuseForeign([fileOf(`trials-${other.trial.head}`, theirs)], jobs).size).toBe(1)
})

test('F107 an artifact without a commit in its name answers for one commit only', () => {
  expect(refusedIn(fileOf('trials-0', mine), fileOf('trials-0', better)).map(([name]) => name)).toHaveLength(
    2,
  )
})

test('F107 of two different results for one trial, both are refused', () => {
  const refused = refusedIn(fileOf('trials-0', better), fileOf('trials-1', theirs))
  expect(refused).toEqual([
    [expect.stringContaining('trials-0'), 'two different results answer for this trial'],
    [expect.stringContaining('trials-1'), 'two different results answer for this trial'],
  ])
})

test('F107 one job has one machine', () => {
  const elsewhere = aTrialResult({ candidate: MINE, replicate: 2, value: 2.3, testbed: 'a new one' })
  expect(
    refusedIn(fileOf(`trials-${MINE.head}`, mine), fileOf(`trials-${MINE.head}`, elsewhere)),
  ).toHaveLength(2)
})

test('honest jobs, and one result that lies there twice, are believed', () => {
  expect(refusedIn(fileOf('trials-0', mine), fileOf('trials-1', theirs), fileOf('trials-2', theirs))).toEqual(
    [],
  )
})

test.each(['\u001b[2J1 × TestGPU', 'one\ntwo', '\ud800', '\u202eUPGtseT'])(
  'F107 a machine called %j is refused',
  (testbed) => {
    const result = aTrialResult({ candidate: MINE, testbed })
    const state = aState({ baselines: [NOW], candidates: [MINE] })
    expect(
      checkResult(state, result, { hash: result.config, trust: result.trust, sandboxKind: 'none' }),
    ).toBe('the names of its machine cannot be printed')
  },
)

test.each([
  ['1e308 device seconds', { deviceSeconds: 1e308 }],
  ['a year of training', { wallSeconds: 3e7 }],
  ['more training than wall time', { wallSeconds: 5, trainingSeconds: 6 }],
])('F107 %s is refused', (_, fields) => {
  const state = aState({ baselines: [NOW], candidates: [MINE] })
  const demands = { hash: CONDITIONS.config, trust: 'self-reported', sandboxKind: 'bubblewrap' } as const
  expect(checkResult(state, mine, demands)).toBeUndefined()
  expect(checkResult(state, { ...mine, ...fields }, demands)).toBe('its times are impossible')
})
