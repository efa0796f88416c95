// Prints what a second try needs, one a line: the path of its report, and the test files in which something failed. A test of
// processes and sockets may meet a moment of the machine that no test foresaw, and a mistake in the code fails again. Prints
// nothing where they are too many for chance, and where an attack won: one that wins once has won.
import { existsSync } from 'node:fs'
import { isFailed, secondReport, testsOf } from './reports.mjs'

const MOST_FILES = 2
const ATTACKS = /^test\/(cheaters\/|adapters\/sandbox)/

const [report] = process.argv.slice(2)
const tests = existsSync(report) ? testsOf(report) : []
const files = [...new Set(tests.filter(isFailed).map(({ file }) => file))]
const isChance = files.length > 0 && files.length <= MOST_FILES && !files.some((file) => ATTACKS.test(file))
if (isChance) console.log([secondReport(report), ...files].join('\n'))
