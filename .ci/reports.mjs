// Reads the JSON reports of vitest.
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'

/** The tests of one report: file, name, status and error of each. A file that could not be loaded is a failed test. */
export function testsOf(report) {
  return JSON.parse(readFileSync(report, 'utf8')).testResults.flatMap((result) => {
    const file = relative(process.cwd(), result.name)
    const tests = result.assertionResults.map(({ fullName, status, failureMessages }) => ({
      file,
      name: fullName,
      status: ['passed', 'failed'].includes(status) ? status : 'skipped',
      error: failureMessages?.join('\n') ?? '',
    }))
    if (result.status !== 'failed' || tests.some(isFailed)) return tests
    return [...tests, { file, name: 'as a whole', status: 'failed', error: result.message }]
  })
}

export const isFailed = ({ status }) => status === 'failed'

/** Where the second try of a report's failed files is reported. */
export const secondReport = (report) => report.replace(/\.json$/, '.second.json')

/** The tests of both tries: each as its last try ended, with the error of the first where only the second passed. */
export function testsOfBothTries(report) {
  const first = testsOf(report)
  if (!existsSync(secondReport(report))) return first
  const key = ({ file, name }) => `${file} > ${name}`
  const second = new Map(testsOf(secondReport(report)).map((test) => [key(test), test]))
  return first.map((test) =>
    isFailed(test) && second.get(key(test))?.status === 'passed'
      ? { ...test, status: 'passed', isSecondTry: true }
      : test,
  )
}
