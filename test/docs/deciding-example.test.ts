// The example by which README.md and docs/deciding.md explain a verdict is what the judge says.
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { evidenceFor } from '../../src/core/judge/evidence.ts'
import { judge } from '../../src/core/judge/judge.ts'
import { aCandidate, aState, CONDITIONS, POLICY, trialResults } from '../factories.ts'

const BASELINE = [2.47, 2.48, 2.49, 2.51, 2.52, 2.53]

function verdictOn(values: readonly number[]) {
  const candidate = aCandidate()
  const trials = [...trialResults(BASELINE), ...trialResults(values, { candidate })]
  const evidence = evidenceFor(aState({ candidates: [candidate], trials }), CONDITIONS, candidate)
  return { ...judge({ ...evidence, compared: true }, POLICY), sigma: evidence.sigma }
}

test.each(['README.md', 'docs/deciding.md'])('%s quotes a verdict that the judge gives', async (name) => {
  const text = await readFile(new URL(`../../${name}`, import.meta.url), 'utf8')
  expect(text).toContain(verdictOn([2.39, 2.4]).reason)
})

test('the numbers of the explanation are those of the verdict', async () => {
  const text = await readFile(new URL('../../docs/deciding.md', import.meta.url), 'utf8')
  expect(text).toContain(`is ${BASELINE.join(', ')}.`)
  const [two, three] = [verdictOn([2.39, 2.4]), verdictOn([2.39, 2.4, 2.395])]
  if (two.kind !== 'merge' || three.kind !== 'merge') throw new Error('the example is no merge')
  const percent = (risk = Number.NaN) => `${Math.round(100 * risk)} %`
  expect(text).toContain(`${two.gain?.toFixed(3)} of that is expected to be real`)
  expect(text).toContain(`In the example it is ${percent(two.risk)}.`)
  expect(text).toContain(`it brings the risk from ${percent(two.risk)} to ${percent(three.risk)}`)
  expect(text).toContain(`| ${two.sigma?.toFixed(2)}: a single run is easily ${two.sigma?.toFixed(2)} off |`)
})
