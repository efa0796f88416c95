import { describe, expect, test } from 'vitest'
import { checkNamedFiles } from '../../../src/core/config/named-files.ts'

const PATHS = ['.github/autoresearch.yml', 'README.md', 'src/fit.py', 'src/model.py']
const PLACE = { path: '.github/autoresearch.yml', branch: 'main' }

describe('checkNamedFiles', () => {
  test.each<[string, { editable: string[]; program?: string }, string[]]>([
    ['says nothing when all is there', { editable: ['src/*.py'], program: 'README.md' }, []],
    [
      'names a glob that matches nothing beside one that does',
      { editable: ['src/*.py', 'train.py'] },
      ['editable: no text file matches train.py'],
    ],
    [
      'names an exclusion that protects nothing',
      { editable: ['src/*.py', '!src/fit.py', '!src/test_*.py'] },
      ['editable: no text file matches !src/test_*.py, so it protects nothing'],
    ],
    [
      'names a program that is not there',
      { editable: ['src/fit.py'], program: 'program.md' },
      [
        'program: there is no text file program.md, so proposers get no instructions; create it or correct the path',
      ],
    ],
  ])('%s', (_, config, warnings) => {
    expect(checkNamedFiles(config, PATHS, PLACE)).toEqual(warnings)
  })

  test('refuses a configuration whose exclusions leave no file', () => {
    const editable = ['src/fit.py', '!src/**']
    expect(() => checkNamedFiles({ editable }, PATHS, PLACE)).toThrow('editable: no text file on main')
  })

  test('refuses a configuration by which no file may change, with examples of existing files', () => {
    expect(() => checkNamedFiles({ editable: ['source/*.py'] }, PATHS, PLACE)).toThrow(
      expect.objectContaining({
        message: 'editable: no text file on main matches source/*.py',
        hint: expect.stringContaining('Files there include README.md, src/fit.py, src/model.py.'),
      }),
    )
  })
})
