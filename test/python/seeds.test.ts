import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, describe, expect, type TestContext, test } from 'vitest'
import { aDirectory } from '../scaffold.ts'
import { PYTHONS, python, requireCommand, requireLibrary, runProgram, SHIM } from './interpreters.ts'

interface Stream {
  five: unknown
  again: unknown
  six: unknown
  fresh: unknown
  fresher: unknown
}

interface Draws {
  unseeded: unknown
  streams: Record<string, Stream>
}

const LIBRARIES = ['random', 'numpy', 'torch'] as const

function forEachLibrary(executable: string, name: string, body: (library: string) => Promise<void>) {
  test.for(LIBRARIES)(name, async (library, context: TestContext) => {
    if (library !== 'random') await requireLibrary(context, executable, library)
    await body(library)
  })
}

describe.for(PYTHONS)('%s', (executable) => {
  const known = new Map<string, Promise<Draws>>()
  /** One run per library and trial: importing torch takes seconds. */
  function drawn(library: string, seed?: string, run = 'first'): Promise<Draws> {
    const key = `${library} ${seed} ${run}`
    const draws = known.get(key) ?? runProgram<Draws>(executable, `${library}_draws.py`, seed ? { seed } : {})
    known.set(key, draws)
    return draws
  }

  forEachLibrary(
    executable,
    'F60 %s: a constant is another stream under another harness seed',
    async (library) => {
      const [one, other] = [await drawn(library, '1'), await drawn(library, '2')]
      for (const [name, stream] of Object.entries(one.streams)) {
        expect(other.streams[name]?.five, name).not.toEqual(stream.five)
        expect(other.streams[name]?.six, name).not.toEqual(stream.six)
      }
    },
  )

  forEachLibrary(executable, '%s: the same trial seed and constant are the same stream', async (library) => {
    const one = await drawn(library, '1')
    expect(await drawn(library, '1', 'second')).toEqual(one)
    for (const [name, stream] of Object.entries(one.streams)) expect(stream.again, name).toEqual(stream.five)
  })

  forEachLibrary(executable, '%s: constants still differ from each other', async (library) => {
    for (const [name, stream] of Object.entries((await drawn(library, '1')).streams))
      expect(stream.six, name).not.toEqual(stream.five)
  })

  forEachLibrary(
    executable,
    '%s: without an argument, seeds are fresh and follow the harness',
    async (library) => {
      const [one, other] = [await drawn(library, '1'), await drawn(library, '2')]
      for (const [name, stream] of Object.entries(one.streams)) {
        expect(stream.fresher, name).not.toEqual(stream.fresh)
        expect(other.streams[name]?.fresh, name).not.toEqual(stream.fresh)
      }
    },
  )

  forEachLibrary(executable, '%s: a script that never seeds follows the harness', async (library) => {
    const [one, other] = [await drawn(library, '1'), await drawn(library, '2')]
    expect((await drawn(library, '1', 'second')).unseeded).toEqual(one.unseeded)
    for (const [index, number] of [one.unseeded].flat().entries())
      expect([other.unseeded].flat()[index]).not.toEqual(number)
  })

  forEachLibrary(executable, '%s: without AUTORESEARCH_SEED nothing is changed', async (library) => {
    const asleep = await drawn(library)
    const absent = await runProgram<Draws>(executable, `${library}_draws.py`, { path: [] })
    for (const [name, stream] of Object.entries(absent.streams))
      expect(asleep.streams[name]?.five, name).toEqual(stream.five)
  })

  test.for(['random', 'numpy', 'torch'])(
    '%s: everything but seeding works as before',
    async (library, context) => {
      if (library !== 'random') await requireLibrary(context, executable, library)
      const { count, failures } = await runProgram<{ count: number; failures: Record<string, string> }>(
        executable,
        `${library}_keeps.py`,
        { seed: '1' },
      )
      expect(failures).toEqual({})
      expect(count).toBeGreaterThan(5)
    },
  )

  describe('F60 hunting for a lucky constant', () => {
    const SEEDS = ['1', '2', '3', '4', '5', '6']
    const best = (scores: readonly number[]) => scores.indexOf(Math.min(...scores))
    let hunts: number[][]
    beforeAll(async () => {
      hunts = await Promise.all(SEEDS.map((seed) => runProgram<number[]>(executable, 'hunt.py', { seed })))
    })

    test('finds another constant under each harness seed', () => {
      expect(new Set(hunts.map(best)).size).toBeGreaterThanOrEqual(SEEDS.length - 1)
    })

    test('gains nothing under the seeds that judge', () => {
      const [first = [], ...judging] = hunts
      const lucky = best(first)
      const elsewhere = judging.map((scores) => scores[lucky] ?? Number.NaN)
      // The mean of 20 standard normal numbers has sd 0.22; of 50 such means the best lies near −0.5.
      expect(first[lucky]).toBeLessThan(-0.4)
      expect(elsewhere.reduce((sum, score) => sum + score) / elsewhere.length).toBeGreaterThan(-0.25)
    })

    test('would have won every time without the shim', async () => {
      const [one, other] = [await runProgram(executable, 'hunt.py'), await runProgram(executable, 'hunt.py')]
      expect(one).toEqual(other)
    })
  })

  describe('F71 what no shim can stop, and the judge has to see', () => {
    const DRAW = 'import random; random.seed(5); print(random.random())'
    test.for(['-I', '-E', '-S'])('python %s keeps its own seeds', async (flag) => {
      expect(await python(executable, [flag, '-c', DRAW], { seed: '1' })).toBe('0.6229016948897019')
    })

    test('a generator state carried in the source is kept', async () => {
      const carried = 'import random; random.setstate((3, (7,) * 624 + (624,), None)); print(random.random())'
      expect(await python(executable, ['-c', carried], { seed: '1' })).toBe(
        await python(executable, ['-c', carried], { seed: '2' }),
      )
    })
  })

  describe('starting Python', () => {
    const WHICH = 'import sys; print(getattr(sys.modules.get("sitecustomize"), "__file__", None))'

    test('imports nothing that the script does not', async () => {
      const loaded = ['-c', 'import sys; print({"random", "numpy", "torch", "ctypes"} & set(sys.modules))']
      expect(await python(executable, loaded, { seed: '1' })).toBe(
        await python(executable, loaded, { path: [] }),
      )
    })

    test.for(['1', undefined])('runs the sitecustomize that it hides (seed %s)', async (seed) => {
      const directory = await aDirectory()
      await writeFile(
        join(directory, 'sitecustomize.py'),
        'import random\nprint("theirs", random.Random(5).random())\n',
      )
      const launch = { path: [SHIM, directory], ...(seed ? { seed } : {}) }
      const printed = await python(executable, ['-c', WHICH], launch)
      const [theirs, file] = printed.split('\n')
      expect(file).toBe(join(directory, 'sitecustomize.py'))
      expect(theirs?.startsWith('theirs 0.6229016948897019')).toBe(seed === undefined)
    })

    test('runs the sitecustomize that Python would have run', async () => {
      const without = await python(executable, ['-c', WHICH], { path: [] })
      const own = without === 'None' ? join(SHIM, 'sitecustomize.py') : without
      expect(await python(executable, ['-c', WHICH], { seed: '1' })).toBe(own)
    })

    test('survives a sitecustomize that fails', async () => {
      const directory = await aDirectory()
      await writeFile(join(directory, 'sitecustomize.py'), 'raise RuntimeError("theirs")\n')
      const draw = ['-c', 'import random; print(random.Random(5).random())']
      expect(await python(executable, draw, { seed: '1', path: [SHIM, directory] })).toBe(
        await python(executable, draw, { seed: '1' }),
      )
    })

    test('takes the seed of a process that a script starts', async () => {
      const nested =
        'import subprocess, sys; subprocess.run([sys.executable, "-c", "import random; print(random.random())"])'
      const [one, again, other] = await Promise.all(
        ['1', '1', '2'].map((seed) => python(executable, ['-c', nested], { seed })),
      )
      expect(one).toBe(again)
      expect(other).not.toBe(one)
    })

    test('gives ranks and spawned workers numbers of their own', async () => {
      const directory = await aDirectory()
      await writeFile(
        join(directory, 'spawn.py'),
        `import multiprocessing, random
def draw(queue):
    queue.put(random.Random().random())
if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    for _ in range(2):
        worker = context.Process(target=draw, args=(queue,))
        worker.start()
        worker.join()
    print(queue.get(), queue.get())
`,
      )
      const script = [join(directory, 'spawn.py')]
      const printed = await python(executable, script, { seed: '1' })
      expect(new Set(printed.split(' ')).size).toBe(2)
      expect(await python(executable, script, { seed: '1' })).toBe(printed)
      expect(await python(executable, script, { seed: '1', environment: { RANK: '1' } })).not.toBe(printed)
    })

    test("says so when a file of the script's own has a library's name, and lets it run", async () => {
      const directory = await aDirectory()
      await writeFile(join(directory, 'torch.py'), 'tensor = 5\n')
      await writeFile(join(directory, 'train.py'), 'import torch\nprint(torch.tensor)\n')
      const { stdout, stderr } = await execa(executable, [join(directory, 'train.py')], {
        env: { PYTHONPATH: SHIM, PYTHONDONTWRITEBYTECODE: '1', AUTORESEARCH_SEED: '1' },
      })
      expect(stdout).toBe('5')
      expect(stderr).toContain('autoresearch: could not derive the seeds of torch')
    })

    test('works from a read-only mount and writes nothing into it', async (context) => {
      const mount = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc']
      await requireCommand(context, 'bwrap', [...mount, 'true'], 'apt-get install -y bubblewrap')
      const { stdout, stderr } = await execa(
        'bwrap',
        [...mount, executable, '-c', 'import random; print(random.Random(5).random())'],
        { extendEnv: false, env: { PATH: process.env.PATH, PYTHONPATH: SHIM, AUTORESEARCH_SEED: '1' } },
      )
      expect(stderr).toBe('')
      expect(stdout).toBe(
        await python(executable, ['-c', 'import random; print(random.Random(5).random())'], { seed: '1' }),
      )
      expect(await readdir(SHIM)).not.toContain('__pycache__')
    })
  })
})

/** JAX is large and few machines have it; this has its shape, and prints what a key is made of. */
const JAX_STAND_IN = {
  'jax/__init__.py': '',
  'jax/_src/__init__.py': '',
  'jax/_src/random/__init__.py': 'from jax._src.random.core import key as key, PRNGKey as PRNGKey',
  'jax/_src/random/core.py':
    'def key(seed, *, impl=None):\n    return seed\n\n\ndef PRNGKey(seed, *, impl=None):\n    return seed\n',
  'jax/random.py': 'from jax._src.random import key as key, PRNGKey as PRNGKey',
}

test('keys of JAX are derived once, and what a compiled function computes stays', async () => {
  const folder = await aDirectory()
  for (const [name, text] of Object.entries(JAX_STAND_IN)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  const program =
    'import jax.random as r; import jax._src.random as s; print(r.key(5), r.PRNGKey(seed=5), s.key(5), r.key(...))'
  const keys = async (seed: string) => {
    const printed = await python(PYTHONS[0] ?? '', ['-c', program], { seed, path: [SHIM, folder] })
    return printed.split(' ')
  }
  const [one, other] = [await keys('1'), await keys('2')]
  expect(new Set(one.slice(0, 3)).size).toBe(1)
  expect(one[0]).toMatch(/^\d{5,}$/)
  expect(other[0]).not.toBe(one[0])
  expect(one[3]).toBe('Ellipsis')
})
