import { describe, expect, test } from 'vitest'
import { lookForNamedFiles } from '../../../src/core/config/named-files.ts'

const PATHS = ['.github/autoresearch.yml', 'README.md', 'src/fit.py', 'src/model.py']

describe('lookForNamedFiles', () => {
  test.each<[string, { editable: string[]; program?: string }, string[]]>([
    ['says nothing when all is there', { editable: ['src/*.py'], program: 'README.md' }, []],
    [
      'names a glob that matches nothing beside one that does',
      { editable: ['src/*.py', 'train.py'] },
      ['editable: no text file matches train.py'],
    ],
    [
      'names a program that is not there',
      { editable: ['src/fit.py'], program: 'program.md' },
      [
        'program: there is no text file program.md, so proposers get no instructions; create it or correct the path',
      ],
    ],
  ])('%s', (_, config, warnings) => {
    expect(lookForNamedFiles(config, PATHS)).toEqual({ kind: 'editable', warnings })
  })

  test('reports that no file may change, with examples of existing files', () => {
    expect(lookForNamedFiles({ editable: ['source/*.py'] }, PATHS)).toEqual({
      kind: 'none-editable',
      some: ['README.md', 'src/fit.py', 'src/model.py'],
    })
  })
})
