import { expect, test } from 'vitest'
import { trainingEnvironment } from '../../src/adapters/trainer/environment.ts'

test('`uv run` uses the virtual environment that the job has activated', () => {
  expect(trainingEnvironment({ VIRTUAL_ENV: '/srv/project/.venv' }, 2)).toMatchObject({
    VIRTUAL_ENV: '/srv/project/.venv',
    UV_PROJECT_ENVIRONMENT: '/srv/project/.venv',
    UV_NO_SYNC: '1',
  })
  expect(trainingEnvironment({}, 2)).not.toHaveProperty('UV_PROJECT_ENVIRONMENT')
})

test.each([
  ["each device's share of the cores", 224, 16, '14'],
  ['no more than help', 224, 1, '16'],
  ['at least one', 4, 8, '1'],
])('beside devices, numerical libraries start %s', (_, cores, devices, threads) => {
  const environment = trainingEnvironment({}, cores, devices)
  expect([environment.OMP_NUM_THREADS, environment.TORCHINDUCTOR_COMPILE_THREADS]).toEqual([threads, threads])
})

test('F77 a library has a thread count of its own only where the job sets it', () => {
  const environment = trainingEnvironment({ MKL_NUM_THREADS: '3' }, 2)
  expect(environment).toMatchObject({ OMP_NUM_THREADS: '2', MKL_NUM_THREADS: '3' })
  expect(environment).not.toHaveProperty('OPENBLAS_NUM_THREADS')
})

test.each([
  ['as many threads as there are cores', {}, '2'],
  ['what the machine says', { OMP_NUM_THREADS: '1' }, '1'],
])('numerical libraries start %s', (_, environment, threads) => {
  expect(trainingEnvironment(environment, 2).OMP_NUM_THREADS).toBe(threads)
})
