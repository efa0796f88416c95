// Prints `N passed, N failed, N skipped` from vitest's JSON reports; a file that could not even be loaded counts as failed,
// and so does a report that is not there.
import { existsSync, readFileSync } from 'node:fs'

const count = { passed: 0, failed: 0, skipped: 0 }
for (const path of process.argv.slice(2))
  if (existsSync(path)) for (const file of JSON.parse(readFileSync(path, 'utf8')).testResults) add(file)
  else count.failed += 1

function add({ status, assertionResults }) {
  const states = assertionResults.map((test) => test.status)
  for (const state of states) count[state in count ? state : 'skipped'] += 1
  if (status === 'failed' && !states.includes('failed')) count.failed += 1
}

console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0
