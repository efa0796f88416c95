// Prints what failed in vitest's JSON reports, each with the head of its error, and then `N passed, N failed, N skipped`. A
// file that could not even be loaded counts as failed, and so does a report that is not there.
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const ERROR_LINES = 12

const count = { passed: 0, failed: 0, skipped: 0 }
for (const path of process.argv.slice(2))
  if (existsSync(path)) for (const file of JSON.parse(readFileSync(path, 'utf8')).testResults) add(file)
  else fail(path, 'this report was not written')

function add({ name, status, message, assertionResults }) {
  const file = relative(process.cwd(), name)
  for (const test of assertionResults)
    if (test.status === 'failed') fail(`${file} > ${test.fullName}`, test.failureMessages.join('\n'))
    else count[test.status in count ? test.status : 'skipped'] += 1
  if (status === 'failed' && !assertionResults.some((test) => test.status === 'failed')) fail(file, message)
}

function fail(what, error) {
  count.failed += 1
  const lines = stripVTControlCharacters(error ?? '')
    .split('\n')
    .slice(0, ERROR_LINES)
  console.log([`FAILED ${what}`, ...lines.map((line) => `  ${line}`), ''].join('\n'))
}

console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0
