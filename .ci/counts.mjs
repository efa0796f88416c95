// Prints what failed in vitest's JSON reports, and what passed only at its second try, each with the head of its error, and
// then `N passed, N failed, N skipped`. A report that is not there counts as failed.
import { existsSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { testsOfBothTries } from './reports.mjs'

const ERROR_LINES = 12

const count = { passed: 0, failed: 0, skipped: 0 }
for (const report of process.argv.slice(2)) {
  const missing = { file: report, name: 'the report', status: 'failed', error: 'was not written' }
  for (const test of existsSync(report) ? testsOfBothTries(report) : [missing]) {
    count[test.status] += 1
    if (test.status === 'failed') show('FAILED', test)
    else if (test.isSecondTry) show('PASSED ONLY AT THE SECOND TRY, please mend it', test)
  }
}

function show(what, { file, name, error }) {
  const lines = stripVTControlCharacters(error).split('\n').slice(0, ERROR_LINES)
  console.log([`${what}: ${file} > ${name}`, ...lines.map((line) => `  ${line}`), ''].join('\n'))
}

console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0
