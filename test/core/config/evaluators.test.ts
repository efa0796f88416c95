// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings are shell commands
// F110: an evaluator that a candidate could rewrite, however the command reaches it.
import { expect, it } from 'vitest'
import { editableScript } from '../../../src/core/config/scripts.ts'

it.each([
  ['make evaluate', ['**'], 'Makefile'],
  ['make -C eval', ['eval/*'], 'eval/Makefile'],
  ['make -f judge.mk', ['*.mk'], 'judge.mk'],
  ['npm run evaluate', ['*.json'], 'package.json'],
  ['npm --prefix eval run it', ['eval/**'], 'eval/package.json'],
  ["sh -c 'python3 evaluate.py'", ['*.py'], 'evaluate.py'],
  ['bash -lc "cd eval && python3 run.py"', ['eval/*.py'], 'eval/run.py'],
  ['cd eval && python3 run.py', ['eval/*.py'], 'eval/run.py'],
  ['cd eval/deep && cd .. && python3 run.py', ['eval/*.py'], 'eval/run.py'],
  ['python3 $PWD/evaluate.py', ['*.py'], 'evaluate.py'],
  ['python3 "${PWD}/evaluate.py"', ['*.py'], 'evaluate.py'],
  ['X=1 just evaluate', ['**'], 'justfile'],
  ['uv run -m judge.main', ['judge/**'], 'judge/main.py'],
])('F110 %s, with %j editable', (command, editable, found) => {
  expect(editableScript(command, editable)).toBe(found)
})

it.each([
  ['make evaluate', ['train.py']],
  ['npm run evaluate', ['src/**']],
  ['python3 evaluate.py', ['*.py', '!evaluate.py']],
  ['cd eval && python3 run.py', ['run.py']],
  ['python3 evaluate.py train.py', ['train.py']],
])('%s, with %j editable, is fine', (command, editable) => {
  expect(editableScript(command, editable)).toBeUndefined()
})
