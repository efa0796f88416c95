// A trainer in a folder of a larger repository: where its packages are listed, it is set up and started.
import { expect, it } from 'vitest'
import { inFolder, layoutBelow, projectOf } from '../../../src/core/init/project.ts'
import { aLayout } from './layouts.ts'

const aDraft = (fields = {}) => ({
  recognised: 'a training script in Python',
  machine: 'gpu' as const,
  editable: ['train.py', 'models/net.py'],
  train: 'python3 train.py',
  budget: '10m',
  findings: [{ what: 'trains the model', evidence: { path: 'train.py', line: 3 } }],
  assumed: ['one'],
  check: ['two'],
  missing: [],
  ...fields,
})

it.each<[string, string[], string, string]>([
  ['no list of packages', [], 'research/a/train.py', ''],
  ['a list beside the script', ['research/a/requirements.txt'], 'research/a/train.py', 'research/a'],
  ['a list above the script', ['research/uv.lock'], 'research/a/train.py', 'research'],
  [
    'the nearest of two',
    ['research/uv.lock', 'research/a/pyproject.toml'],
    'research/a/train.py',
    'research/a',
  ],
  ['a list of the repository', ['pyproject.toml', 'research/a/requirements.txt'], 'research/a/train.py', ''],
  ['a list in a folder beside it', ['tools/requirements.txt'], 'research/a/train.py', ''],
  ['a list below the script', ['research/a/deep/requirements.txt'], 'research/a/train.py', ''],
  ['a script at the root', ['a/requirements.txt'], 'train.py', ''],
])('%s', (_, lists, script, folder) => {
  const layout = aLayout(Object.fromEntries([script, ...lists].map((path) => [path, ''])))
  expect(projectOf(layout, script)).toBe(folder)
})

it('shows the folder alone, by paths from there', () => {
  const layout = aLayout({ 'a/train.py': 'x', 'a/b/net.py': 'y', 'ab/train.py': 'z', 'train.py': 'w' })
  expect([...layoutBelow(layout, 'a')]).toEqual([
    ['train.py', 'x'],
    ['b/net.py', 'y'],
  ])
})

it('makes a draft for the folder one for the repository', () => {
  const draft = inFolder('research/a', aDraft({ setup: 'uv sync' }), [])
  expect(draft).toMatchObject({
    editable: ['research/a/train.py', 'research/a/models/net.py'],
    setup: 'cd research/a && uv sync',
    train: 'cd research/a && python3 train.py',
    findings: [{ what: 'trains the model', evidence: { path: 'research/a/train.py', line: 3 } }],
    assumed: ['one'],
    check: ['The commands run in `research/a`, which lists its packages.', 'two'],
  })
})

it('has no setup where there is none, and no draft where there is none', () => {
  expect(inFolder('a', aDraft(), [])).not.toHaveProperty('setup')
  expect(inFolder('a', undefined, [])).toBeUndefined()
})
