import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { moveOutputs } from '../../src/adapters/trainer/run-places.ts'
import { ConfigError } from '../../src/errors.ts'
import { aDirectory } from '../scaffold.ts'
import { aPlace, seeing } from './place-lab.ts'
import { SKIP } from './sandbox-lab.ts'

const sandboxed = test.skipIf(SKIP)

describe('a trial is its own place', () => {
  sandboxed.each([
    ['beside itself', 'mkdir -p logs out && echo x > logs/run.txt && echo y > out/ckpt && cat logs/run.txt'],
    ['over a tracked file', 'echo x > fixed.txt && cat fixed.txt'],
    ['into its home', 'mkdir -p ~/.cache/tool && echo x > ~/.cache/tool/lock && cat ~/.cache/tool/lock'],
    ['with make in place', 'echo "all:; echo x > built" > Makefile && make -s && cat built'],
  ])('F79 training writes %s', async (_, writes) => {
    const { run } = await aPlace({ files: { 'fixed.txt': 'y\n' }, train: `${writes} && echo val_loss: 1` })
    const { result, output } = await run()
    expect(output).toBe('x\nval_loss: 1\n')
    expect(result).toMatchObject({ outcome: 'measured' })
  })

  sandboxed('F79 what it wrote is gone in the next trial, and never in the evaluation', async () => {
    const { run } = await aPlace({
      files: {
        'fixed.txt': 'as committed\n',
        ...seeing('cat fixed.txt; ls -A; ls -A ~', 'as committed\n.github\nevaluate.sh\nfixed.txt\ntrain.sh'),
      },
      train: 'sh train.sh',
      config: 'evaluate: sh evaluate.sh',
    })
    const poison =
      'ls -A; for f in fixed.txt evaluate.sh left; do echo "echo val_loss: 0" > $f; done; touch ~/left\n'
    const { result } = await run({ 'train.sh': poison })
    expect(result).toMatchObject({ outcome: 'measured', value: 2, trust: 'evaluated' })
    const next = await run({ 'train.sh': `${poison}# other\n` })
    expect(next.output.startsWith('.github\nevaluate.sh\nfixed.txt\ntrain.sh\n')).toBe(true)
  })

  sandboxed('F79 what is declared as output is there in the evaluation', async () => {
    const { run } = await aPlace({
      train: 'mkdir -p out/deep && echo 3 > out/deep/ckpt && echo 4 > best.txt',
      files: seeing(
        'cat "$AUTORESEARCH_OUT/out/deep/ckpt" "$AUTORESEARCH_OUT/best.txt"; ls',
        '3\n4\nevaluate.sh\ntrain.sh',
      ),
      config: 'outputs: [out, best.txt, absent]\nevaluate: sh evaluate.sh',
    })
    expect((await run()).result).toMatchObject({ outcome: 'measured', value: 2 })
  })

  sandboxed('F36 F79 what it writes beside itself and into its home counts against the limit', async () => {
    const piece = 'head -c 700000 /dev/zero'
    const { run } = await aPlace({
      train: `${piece} > beside; ${piece} > ~/file; echo val_loss: 1`,
      config: 'sandbox: { out: 1M }',
    })
    const { result } = await run()
    expect(result).toMatchObject({ outcome: 'crashed', reason: expect.stringContaining('sandbox.out') })
  })

  sandboxed('F79 a copy that is larger than the limit is an error of the configuration', async () => {
    const { run } = await aPlace({
      files: { 'big.bin': Buffer.alloc(2_000_000, 'x') },
      train: 'echo val_loss: 1',
      config: 'sandbox: { out: 1M }',
    })
    const failure = await run().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ConfigError)
    expect(String(failure)).toMatch(/own copy .* takes 1\.9 MiB, more than `sandbox\.out` \(1 MiB\)/)
  })

  test('F79 nothing is moved as an output through a link that training made', async () => {
    const [source, out, elsewhere] = [await aDirectory(), await aDirectory(), await aDirectory()]
    await writeFile(join(elsewhere, 'secret'), 'secret')
    await symlink(elsewhere, join(source, 'logs'))
    await symlink(join(elsewhere, 'secret'), join(source, 'link'))
    await symlink(elsewhere, join(out, 'deep'))
    await mkdir(join(source, 'deep'))
    await writeFile(join(source, 'deep', 'file'), '')
    await moveOutputs(source, out, ['logs/secret', 'logs', 'link', 'deep/file'])
    expect(await readdir(out)).toEqual(['deep'])
    expect(await readdir(elsewhere)).toEqual(['secret'])
  })

  sandboxed('F79 libraries record locally and look for nothing online', async () => {
    const { run } = await aPlace({
      train: 'echo $WANDB_MODE $HF_HUB_OFFLINE $HF_DATASETS_OFFLINE; echo val_loss: 1',
    })
    expect((await run()).output).toBe('offline 1 1\nval_loss: 1\n')
  })
})

describe('what setup left', () => {
  const SETUP = [
    'mkdir -p node_modules/pkg ~/.cache/huggingface',
    'echo module > node_modules/pkg/index.js',
    'printf "#!/bin/sh\\necho compiled\\n" > tool && chmod +x tool',
    'echo model > ~/.cache/huggingface/model',
    'touch ~/.cache/huggingface/.lock',
    'head -c 3000000 /dev/zero > corpus.bin',
  ].join(' && ')

  sandboxed('F80 is beside the script and in the home of every trial', async () => {
    const { run } = await aPlace({
      config: `setup: ${JSON.stringify(SETUP)}`,
      train:
        'cat node_modules/pkg/index.js ~/.cache/huggingface/model; ./tool; wc -c < corpus.bin; echo val_loss: 1',
    })
    const expected = 'module\nmodel\ncompiled\n3000000\nval_loss: 1\n'
    expect((await run()).output).toBe(expected)
    expect((await run({ 'train.sh': 'other\n' })).output).toBe(expected)
  })

  sandboxed('F80 can be written to, and no trial or evaluation sees that another wrote', async () => {
    const { run, directory } = await aPlace({
      files: seeing(
        'cat node_modules/pkg/index.js ~/.cache/huggingface/model; ./tool',
        'module\nmodel\ncompiled',
      ),
      config: `setup: ${JSON.stringify(SETUP)}\nevaluate: sh evaluate.sh`,
      train: [
        'exec 9<>~/.cache/huggingface/.lock && flock 9',
        'cat node_modules/pkg/index.js ~/.cache/huggingface/model && ./tool',
        'for f in node_modules/pkg/index.js ~/.cache/huggingface/model tool; do echo "echo poison" > $f; done',
        'rm corpus.bin && echo small > corpus.bin',
        'rm -rf ~/.cache',
        'echo poison > /autoresearch/setup/source/tool',
        'true',
      ].join('; '),
    })
    for (const changes of [undefined, { 'train.sh': 'other\n' }]) {
      const { result, output } = await run(changes)
      expect(output).not.toContain('poison')
      expect(output).toContain('module\nmodel\ncompiled\n')
      expect(output).toContain('Read-only file system')
      expect(result).toMatchObject({ outcome: 'measured', value: 2 })
    }
    const [version = ''] = await readdir(join(directory, 'cache'))
    expect(await readFile(join(directory, 'cache', version, 'source', 'tool'), 'utf8')).toContain('compiled')
  })

  sandboxed(
    'F80 at the paths at which it was installed: an editable install runs the code of the candidate',
    async () => {
      const setup = `mkdir bin && echo "cat $PWD/src/model.txt" > bin/run && python3 -m venv --without-pip .venv`
      const { run } = await aPlace({
        files: { 'src/model.txt': 'baseline\n' },
        config: `setup: ${JSON.stringify(setup)}`,
        train:
          'sh bin/run; .venv/bin/python -c "import sys; print(sys.prefix == sys.base_prefix)"; echo val_loss: 1',
      })
      expect((await run()).output).toBe('baseline\nFalse\nval_loss: 1\n')
      expect((await run({ 'src/model.txt': 'candidate\n' })).output).toBe('candidate\nFalse\nval_loss: 1\n')
    },
  )

  sandboxed('F80 is rebuilt by make where a candidate changed its source', async () => {
    const { run } = await aPlace({
      files: { 'src/main.txt': 'baseline\n', Makefile: 'built: src/main.txt\n\tcp src/main.txt built\n' },
      config: `setup: 'echo stale > built'`,
      train: 'make -s built; cat built; echo val_loss: 1',
    })
    expect((await run({ 'src/main.txt': 'candidate\n' })).output).toBe('candidate\nval_loss: 1\n')
  })

  sandboxed('F80 stays where a candidate adds a file of the same name', async () => {
    const { run } = await aPlace({
      files: seeing('cat src/lib.txt', 'honest'),
      config: `setup: 'mkdir -p src && echo honest > src/lib.txt'\nevaluate: sh evaluate.sh`,
      train: 'true',
    })
    const { result } = await run({ 'src/lib.txt': 'poison\n' })
    expect(result).toMatchObject({ outcome: 'measured', value: 2 })
  })
})

describe('compiler caches', () => {
  const COMPILE =
    'ls "$TRITON_CACHE_DIR" 2>/dev/null; mkdir -p "$TRITON_CACHE_DIR"; sh train.sh && echo val_loss: 1'
  const compiles = (name: string): string => `touch "$TRITON_CACHE_DIR/${name}"\n`

  sandboxed(
    'F59 F79 start with what the baseline compiled, and with nothing that a candidate left',
    async () => {
      const { run } = await aPlace({ train: COMPILE, files: { 'train.sh': compiles('baseline') } })
      const kernels = async (name?: string) =>
        (await run(name === undefined ? undefined : { 'train.sh': compiles(name) })).output
      for (const name of ['one', 'one', 'other']) expect(await kernels(name)).toBe('val_loss: 1\n')
      expect(await kernels()).toBe('val_loss: 1\n')
      for (const name of ['one', 'one', 'other', undefined])
        expect(await kernels(name)).toBe('baseline\nval_loss: 1\n')
    },
  )

  // A time stamp in the future stands for a long compilation.
  const LONG =
    'ls "$AUTORESEARCH_OUT"; touch "$AUTORESEARCH_OUT/model" "$TRITON_CACHE_DIR/first"\ntouch -d "+20 seconds" "$TRITON_CACHE_DIR/'

  sandboxed(
    'that took long to fill: the first run of a baseline is made again, and only the second counts',
    async () => {
      const { run, log } = await aPlace({ train: COMPILE, files: { 'train.sh': `${LONG}kernel"\n` } })
      const { result, output } = await run()
      expect(output).toBe('first\nkernel\nval_loss: 1\n')
      expect(result.deviceSeconds).toBeGreaterThan(result.wallSeconds)
      expect(log.lines.join('\n')).toMatch(/compiled for \d+s\. It is trained again/)
    },
  )

  sandboxed('are filled by a second baseline run or a candidate without another run', async () => {
    const { run, log } = await aPlace({ train: COMPILE, files: { 'train.sh': `${LONG}kernel"\n` } })
    for (const changes of [undefined, undefined, { 'train.sh': `${LONG}other"\n` }]) await run(changes)
    expect(log.lines.join('\n').match(/trained again/g)).toHaveLength(1)
  })

  sandboxed('F79 of the baseline before serve one for which nothing was compiled yet', async () => {
    const { remote, run } = await aPlace({ train: COMPILE, files: { 'train.sh': compiles('baseline') } })
    await run()
    const merged = await remote.commit({ 'train.sh': compiles('merged') }, { parent: remote.base })
    const { output } = await run({ 'train.sh': compiles('candidate') }, merged)
    expect(output).toBe('baseline\nval_loss: 1\n')
  })

  sandboxed('F79 of training are not there in the evaluation', async () => {
    const { run } = await aPlace({
      train: 'mkdir -p "$TRITON_CACHE_DIR" && touch "$TRITON_CACHE_DIR/left-by-training"',
      files: seeing('echo "[$TRITON_CACHE_DIR]"; find / -name left-by-training 2>/dev/null', '[]'),
      config: 'evaluate: sh evaluate.sh',
    })
    expect((await run()).result).toMatchObject({ outcome: 'measured', value: 2 })
  })

  sandboxed('F79 of a run that failed are not kept', async () => {
    const { run } = await aPlace({ train: COMPILE, files: { 'train.sh': `${compiles('half')}exit 3\n` } })
    await run()
    expect((await run()).output).toBe('')
  })
})
