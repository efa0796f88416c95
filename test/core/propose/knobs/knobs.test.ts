import { describe, expect, it } from 'vitest'
import { findKnobs, knobCategory } from '../../../../src/core/propose/knobs/knobs.ts'
import { writeLike } from '../../../../src/core/propose/knobs/literal.ts'

function found(path: string, text: string): string[] {
  return findKnobs(path, text)
    .filter(({ byDefault }) => byDefault)
    .map(({ name, literal }) => `${name} ${literal}`)
}

describe('findKnobs', () => {
  it.each<[string, string, string[]]>([
    ['a.mjs', 'const LR = 3e-4 // of SGD\nlet hidden = 64\nvar x = .5;', ['LR 3e-4', 'hidden 64', 'x .5']],
    ['a.ts', 'const lr: number = 0.1\nexport const N = 1_000', ['lr 0.1', 'N 1_000']],
    ['a.ts', 'f({ lr: 0.01, "beta": 0.9, n: 3 })', ['lr 0.01', 'beta 0.9', 'n 3']],
    ['a.ts', 'const a = {\n  lr: 0.01,\n  n: 2\n}', ['lr 0.01', 'n 2']],
    ['a.ts', 'class A { static N = 4\n  readonly lr = 0.1 }', ['N 4', 'lr 0.1']],
    ['a.js', 'function f(x, dropout = 0.1) {}', ['dropout 0.1']],
    ['a.py', 'LR = 1e-3\nN: int = 8  # layers\nx = 1; y = 2\n', ['LR 1e-3', 'N 8', 'x 1', 'y 2']],
    [
      'a.py',
      'class A:\n    n_layer: int = 12\n    def f(self):\n        self.lr = 0.1\n',
      ['n_layer 12', 'lr 0.1'],
    ],
    ['a.py', 'N = int(1e5)\nopt(lr=float(3e-4), n=int(4))\nx = int(5) + 1\n', ['N 1e5', 'opt(lr) 3e-4']],
    [
      'a.py',
      'latest = 1\ncontest_lr = 0.1\nadversarial_training = True\nTrainer(gradient_clip_val=1.0)\n',
      ['latest 1', 'contest_lr 0.1', 'adversarial_training True', 'Trainer(gradient_clip_val) 1.0'],
    ],
    ['a.py', 'c = {"lr": 3e-4, \'n\': 2}\n', ['lr 3e-4', 'n 2']],
    [
      'a.py',
      'AdamW(p, lr=3e-4,\n  weight_decay=0.1, dim=1)\n',
      ['AdamW(lr) 3e-4', 'AdamW(weight_decay) 0.1'],
    ],
    [
      'a.py',
      'nn.Dropout(0.1)\nopt(betas=(0.9, 0.95))\n',
      ['Dropout(#1) 0.1', 'opt(betas[0]) 0.9', 'opt(betas[1]) 0.95'],
    ],
    ['a.c', 'update(&model, 1e-4f, 0.9f, 3);', ['update(#2) 1e-4f', 'update(#3) 0.9f']],
    ['a.py', "config['lr'] = 0.1\nlr: float | None = 0.2\n", ['lr 0.1', 'lr#2 0.2']],
    ['a.py', 'decay_lr = True\n', ['decay_lr True']],
    ['a.yaml', 'use_bias: false\ndropout: 0\n', ['use_bias false', 'dropout 0']],
    ['a.py', 'dropout = 0.0\nwarmup_iters = 0\n', ['dropout 0.0', 'warmup_iters 0']],
    ['a.py', 'LR = 0.1\r\nWD = 0.2\r\n', ['LR 0.1', 'WD 0.2']],
    ['a.cu', '#define N 12\n# define LR 0.1f // rate\n#define M (N)\n', ['N 12', 'LR 0.1f']],
    ['a.cpp', 'const float lr = 0.1f; static constexpr int N = 64;', ['lr 0.1f', 'N 64']],
    ['a.rs', 'const LR: f32 = 1e-3;\nlet mut n = 4;', ['LR 1e-3', 'n 4']],
    ['a.go', 'const lr = 0.1\n', ['lr 0.1']],
    [
      'a.yaml',
      'lr: 0.1\nmodel:\n  n-layer: 12 # deep\n  - wd: 0.2\na: {b: 2, c: 3}\n',
      ['lr 0.1', 'n-layer 12', 'wd 0.2', 'b 2', 'c 3'],
    ],
    ['a.json', '{"lr": 3e-4, "model": {"layers": 12}}', ['lr 3e-4', 'layers 12']],
    ['a.toml', 'lr = 0.1 # rate\n[model]\nlayers = 12\n', ['lr 0.1', 'layers 12']],
    ['a.sh', 'LR=0.1\nexport N=12\n', ['LR 0.1', 'N 12']],
  ])('finds the named constants of %s: %j', (path, text, knobs) => {
    expect(found(path, text)).toEqual(knobs)
  })

  it.each([
    ['seeds', 'a.py', 'SEED = 42\nrandom_seed = 1\nrandSeed = 2\n'],
    [
      'versions, ports and years',
      'a.py',
      'version = 2\nPORT = 80\nhttp_port = 1\nfirstYear = 2\nyear = 2024\n',
    ],
    ['zero', 'a.py', 'x = 0\ny = 0.0\n'],
    ['negative numbers', 'a.py', 'x = -1\n'],
    ['array indices', 'a.js', 'const x = a[3]\na[4] = 5'],
    ['comments', 'a.py', '# LR = 0.1\n'],
    ['comments', 'a.ts', '// const LR = 0.1\n/*\nconst X = 2\n*/'],
    ['strings', 'a.py', 'x = "LR = 0.1"\n"""\nLR = 0.1\n"""\n'],
    ['strings', 'a.ts', 'x = `\nconst LR = 0.1\n`'],
    ['powers and products', 'a.py', 'A = 2 ** 10\nB = 1024 * 4\nC = 1 / 2\nD = 1 if x else 2\n'],
    ['products', 'a.ts', 'const A = 1024 * 4\nconst B = 2 ** 3;\nconst C = 4\n  * 5'],
    ['products', 'a.cpp', '#define A 4 * 5\nconst int B = 4 * 5;'],
    ['tuples', 'a.py', 'x = 1, 2\nshape = (3, 4)\n'],
    ['comparisons and additions', 'a.py', 'x == 3\nx += 2\nx <= 4\n'],
    ['loops', 'a.ts', 'for (let i = 1; i < n; i++) {}'],
    ['loops', 'a.cpp', 'for (int i = 1; i < 4; i++) {}'],
    ['variables', 'a.cpp', 'int i = 1; x = 2;'],
    ['choices', 'a.ts', 'x = a ? b : 3\nswitch (x) { case 4: }'],
    ['other bases', 'a.ts', 'const MASK = 0xff'],
    ['quantities with a unit', 'a.yaml', 'budget: 5m\nat: 12:30\nday: 2024-01-01\n'],
    ['unknown languages', 'a.txt', 'lr = 0.1\n'],
    ['switches in calls', 'a.py', 'f(x, keepdim=True)\n'],
    ['blocks of one line', 'a.py', 'if x:\n  a = f()\nelse: b = g()\n'],
    [
      'what measures, prints and saves',
      'a.py',
      'eval_iters = 20\nlog_interval = 10\nnum_workers = 4\nwandb_log = True\nbest_val_loss = 1e9\n',
    ],
    [
      'what is measured, and on what',
      'a.py',
      "valFraction = 0.2\nval_ratio = 0.1\ntest_batch_size = 10\nVALIDATE_EVERY = 100\nuse_lmms_eval = True\nopt['valid-part'] = 0.1\nf(test_size=0.2)\n",
    ],
    [
      'how data is read and divided',
      'a.py',
      'x = np.split(read(int(95e6)), [int(90e6)])\ntrain_test_split(x, 0.2)\nrandom_split(x, (0.9, 0.1))\n',
    ],
    ['what a library gives a meaning', 'a.yaml', '_partial_: true\n_recursive_: false\n'],
    [
      'modes and switches of the machine',
      'a.py',
      'cudnn.benchmark = True\ntrain = True\np.requires_grad = False\n',
    ],
  ])('ignores %s in %s: %j', (_, path, text) => {
    expect(found(path, text)).toEqual([])
  })

  it('keeps names that only resemble a port', () => {
    expect(found('a.py', 'report_every = 10\nimportance = 0.5\n')).toHaveLength(2)
  })

  it('records line, span, value and kind', () => {
    const text = '# é𝒳\r\nLR = 1_0.5\r\nN = 12\r\n'
    const [lr, n] = findKnobs('a.py', text)
    expect(lr).toMatchObject({ file: 'a.py', line: 2, value: 10.5, kind: 'real' })
    expect(text.slice(lr?.start, lr?.end)).toBe('1_0.5')
    expect(n).toMatchObject({ line: 3, value: 12, kind: 'integer' })
  })

  it('numbers constants of the same name', () => {
    expect(found('a.py', 'f(lr=0.1)\nf(lr=0.2)\n')).toEqual(['f(lr) 0.1', 'f(lr)#2 0.2'])
  })
})

describe('F83 defaults of settings have their own names', () => {
  it.each([
    ['argparse', 'a.py', "p.add_argument('-l', '--lr', type=float, default=3e-4)\n", ['lr 3e-4']],
    ['argparse, integers', 'a.py', "p.add_argument('--depth', type=int, default=20)\n", ['depth 20']],
    ['click', 'a.py', "@click.option('--weight-decay', default=0.1)\n", ['weight-decay 0.1']],
    ['absl', 'a.py', "flags.DEFINE_float('lr', 0.1, 'The rate.')\n", ['lr 0.1']],
    ['fire', 'a.py', 'def main(depth: int = 20, lr=0.1):\n    pass\n', ['depth 20', 'lr 0.1']],
    ['dataclasses and tyro', 'a.py', 'class A:\n    lr: float = field(default=0.5)\n', ['lr 0.5']],
    ['typer', 'a.py', "def f(lr: float = typer.Option(0.3, '--lr')): pass\n", ['lr 0.3']],
    ['commander', 'a.ts', "program.option('--lr <n>', 'rate', 0.1)\n", ['lr 0.1']],
    ['yargs', 'a.ts', "yargs.options({ lr: { type: 'number', default: 0.2 } })\n", ['lr 0.2']],
  ])('%s', (_, path, text, knobs) => {
    expect(found(path, text)).toEqual(knobs)
  })
})

describe('writeLike', () => {
  it.each([
    ['3e-4', 6e-4, '6e-4'],
    ['3e-4', 3.75e-4, '3.75e-4'],
    ['1E-03', 2e-3, '2E-03'],
    ['1.0e-3', 2e-3, '2.0e-3'],
    ['1e+3', 2000, '2e+3'],
    ['1e3', 2000, '2e3'],
    ['0.1', 0.2, '0.2'],
    ['0.5', 1, '1.0'],
    ['.5', 0.25, '.25'],
    ['.5', 1, '1.0'],
    ['0.000001', 5e-7, '0.0000005'],
    ['0.1f', 0.125, '0.125f'],
    ['1.f', 2, '2.0f'],
    ['12', 24, '24'],
    ['12u', 24, '24u'],
    ['1_000_000', 2_000_000, '2_000_000'],
    ["10'000", 5000, "5'000"],
    ['0.1_f32', 0.2, '0.2_f32'],
  ])('in the style of %s writes %d as %s', (style, value, literal) => {
    expect(writeLike(style, value)).toBe(literal)
  })
})

describe('knobCategory', () => {
  it.each([
    ['LEARNING_RATE', 'optimizer'],
    ['lr', 'optimizer'],
    ['adam_beta1', 'optimizer'],
    ['WARMUP_RATIO', 'schedule'],
    ['WEIGHT_DECAY', 'regularisation'],
    ['dropout', 'regularisation'],
    ['INIT_SCALE', 'initialisation'],
    ['n_layer', 'architecture'],
    ['HIDDEN', 'architecture'],
    ['BATCH', 'hyperparameter'],
    ['color', 'hyperparameter'],
  ])('%s has the category %s', (name, category) => {
    expect(knobCategory(name)).toBe(category)
  })
})
