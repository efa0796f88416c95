import { describe, expect, it } from 'vitest'
import { findKnobs } from '../../../../src/core/propose/knobs/knobs.ts'
import { type KnobFilter, selectKnobs } from '../../../../src/core/propose/knobs/select.ts'

const KNOBS = [
  ...findKnobs('train.py', 'lr = 0.1\nmin_lr = 0.01\neval_iters = 20\nopt = AdamW(p, lr=0.3)\nf(lr=1)\n'),
  ...findKnobs('model.py', 'lr = 0.2\n'),
]

function select(filter: KnobFilter): string[] {
  return selectKnobs(KNOBS, filter).knobs.map(({ file, name }) => `${file}:${name}`)
}

describe('F83 selectKnobs', () => {
  it.each<[KnobFilter, string[]]>([
    [{}, ['train.py:lr', 'train.py:min_lr', 'train.py:AdamW(lr)', 'model.py:lr']],
    [{ include: ['lr'] }, ['train.py:lr', 'model.py:lr']],
    [{ include: ['train.py:*lr'] }, ['train.py:lr', 'train.py:min_lr']],
    [{ include: ['eval_iters'] }, ['train.py:eval_iters']],
    [{ include: ['AdamW(lr)'] }, ['train.py:AdamW(lr)']],
    [{ exclude: ['*lr'] }, ['train.py:AdamW(lr)']],
    [{ exclude: ['model.py:*', 'min_??'] }, ['train.py:lr', 'train.py:AdamW(lr)']],
    [{ include: ['*'], exclude: ['*lr*'] }, ['train.py:eval_iters']],
  ])('%j', (filter, names) => {
    expect(select(filter)).toEqual(names)
  })

  it('includes the second constant of a name with the first', () => {
    const knobs = findKnobs('a.py', 'f(lr=0.1)\nf(lr=0.2)\n')
    expect(selectKnobs(knobs, { include: ['f(lr)'] }).knobs).toHaveLength(2)
  })

  it('warns in words of a pattern that matches nothing', () => {
    expect(selectKnobs(KNOBS, { include: ['lr', 'momentum'], exclude: ['a.py:lr'] }).warnings).toEqual([
      'proposers: knobs: include: "momentum" matches no constant of the editable files',
      'proposers: knobs: exclude: "a.py:lr" matches no constant of the editable files',
    ])
  })
})
