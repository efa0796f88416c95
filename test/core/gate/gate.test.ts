// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings are source text under review
import { describe, expect, it } from 'vitest'
import { type Change, changeKey, isEditable, reviewChanges } from '../../../src/core/gate/gate.ts'
import { processorMilliseconds } from '../../processor-time.ts'

const EDITABLE = ['train.py', 'src/**']

function aChange(fields: Partial<Change> = {}): Change {
  return { path: 'train.py', mode: '100644', before: 'LR = 0.1\n', after: 'LR = 0.2\n', ...fields }
}

/** A change of one file from `before` to `after`, at a path that has the extension. */
function anEdit(extension: string, before: string, after: string): Change {
  return { path: `src/a.${extension}`, mode: '100644', before, after }
}

function reviewEdit(extension: string, before: string, after: string): string {
  return reviewChanges([anEdit(extension, before, after)], EDITABLE).join('\n')
}

describe('an accepted change', () => {
  const added: Change = { path: 'src/new.py', mode: '100644', after: 'x = 1\n' }
  const deleted: Change = { path: 'src/old.py', mode: null, before: 'x = 1\n' }
  it.each<[string, Change[]]>([
    ['a changed constant', [aChange()]],
    ['a new file under an editable folder', [added]],
    ['the deletion of an editable file', [deleted]],
    ['the deletion of an editable binary', [{ path: 'src/weights.bin', mode: null }]],
    ['code in one file and a comment in another', [aChange(), anEdit('py', 'x = 1\n', 'x = 1 # one\n')]],
    ['an invisible character that was there', [aChange({ before: 'a = "\u200b"', after: 'b = "\u200b"' })]],
    ['an emoji', [aChange({ after: '# ⚠️\nLR = 0.2\n' })]],
    ['Windows line ends', [aChange({ before: 'a = 1\r\n', after: 'a = 2\r\n' })]],
  ])('%s', (_, changes) => {
    expect(reviewChanges(changes, EDITABLE)).toEqual([])
  })
})

describe('F72 modes', () => {
  it.each<[string, Partial<Change>]>([
    ['an executable stays executable', { mode: '100755', modeBefore: '100755' }],
    ['an executable is deleted', { mode: null, modeBefore: '100755' }],
  ])('%s', (_, fields) => {
    const { after: _after, ...deleted } = aChange(fields)
    expect(reviewChanges([fields.mode === null ? deleted : aChange(fields)], EDITABLE)).toEqual([])
  })

  it.each<[string, Partial<Change>, string]>([
    ['a file becomes executable', { mode: '100755' }, '100755 (executable), not 100644'],
    ['an executable becomes plain', { mode: '100644', modeBefore: '100755' }, '100644, not 100755'],
    ['a link becomes a file', { mode: '100644', modeBefore: '120000' }, '120000 (symlink)'],
    ['a link is deleted', { mode: null, modeBefore: '120000' }, '120000 (symlink)'],
    ['a submodule is deleted', { mode: null, modeBefore: '160000' }, '160000 (submodule)'],
  ])('refused: %s', (_, fields, reason) => {
    expect(reviewChanges([aChange(fields)], EDITABLE)).toEqual([expect.stringContaining(reason)])
  })

  it('refuses a new file that is executable', () => {
    const added: Change = { path: 'src/run.sh', mode: '100755', after: 'echo\n' }
    expect(reviewChanges([added], EDITABLE)).toEqual([expect.stringContaining('(executable)')])
  })
})

describe('paths', () => {
  it.each([
    ['../train.py', '".." part'],
    ['src/../../etc/passwd', '".." part'],
    ['src/./a.py', '".." part'],
    ['src//a.py', '".." part'],
    ['src/', '".." part'],
    ['/etc/passwd', 'is absolute'],
    ['C:/train.py', 'is absolute'],
    ['src\\a.py', 'a backslash'],
    ['src/a\nb.py', 'control or invisible'],
    ['src/a\u0000.py', 'control or invisible'],
    ['src/\u202eyp.a', 'control or invisible'],
    ['', '1 to 300 characters'],
    [`src/${'a'.repeat(300)}`, '1 to 300 characters'],
  ])('F9 refuses the path $0', (path, reason) => {
    expect(reviewChanges([aChange({ path })], [...EDITABLE, '**'])).toEqual([expect.stringContaining(reason)])
  })

  it.each(['evaluate.py', 'TRAIN.PY', 'lib/train.py', 'src/.env', 'src/.hidden/a.py', 'autoresearch.yml'])(
    'F57 refuses %s, which is not editable',
    (path) => {
      expect(reviewChanges([aChange({ path })], EDITABLE)).toEqual([
        `"${path}" is not editable: only train.py, src/** may change.`,
      ])
    },
  )

  it.each([
    '.github/workflows/train.yml',
    '.GitHub/workflows/train.yml',
    '.gıthub/x.yml',
    'src/.git/config',
    'src/.GIT/hooks/post-checkout',
    '.gitattributes',
    '.gitmodules',
  ])('F57 refuses %s even when the globs allow it', (path) => {
    const all = ['**', '.*', '.*/**', '**/.*/**', '.github/**', path]
    expect(reviewChanges([aChange({ path })], all)).toEqual([expect.stringContaining('must not change')])
  })

  it('F57 refuses the deletion of a file that is not editable', () => {
    expect(reviewChanges([{ path: 'evaluate.py', mode: null, before: 'x' }], EDITABLE)).toHaveLength(1)
  })

  it('F57 refuses what an exclusion takes out again, in whatever order, also when it is added or deleted', () => {
    for (const editable of [
      ['src/**', '!src/**/*.test.ts'],
      ['!src/**/*.test.ts', 'src/**'],
    ])
      for (const change of [
        aChange({ path: 'src/deep/sum.test.ts' }),
        { path: 'src/sum.test.ts', mode: null, before: 'x' },
      ])
        expect(reviewChanges([change], editable)).toEqual([
          `"${change.path}" is not editable: nothing that matches src/**/*.test.ts may change.`,
        ])
    expect(isEditable('src/sum.ts', ['src/**', '!src/**/*.test.ts'])).toBe(true)
  })

  it('accepts a dot file only when a glob spells out the dot', () => {
    expect(isEditable('.env', ['*'])).toBe(false)
    expect(isEditable('.env', ['.env'])).toBe(true)
  })

  it.each<[string, string[]]>([
    ['case', ['src/Model.py', 'src/model.py']],
    ['the case of a folder', ['src/A/x.py', 'src/a/y.py']],
    ['Unicode form', ['src/\u00e9.py', 'src/e\u0301.py']],
    ['a long s', ['src/loſs.py', 'src/loss.py']],
  ])('refuses two paths that differ only in %s', (_, paths) => {
    const changes = paths.map((path) => aChange({ path }))
    expect(reviewChanges(changes, EDITABLE)).toEqual([
      expect.stringContaining('only in case or Unicode form'),
    ])
  })

  it('refuses a path that is listed twice', () => {
    expect(reviewChanges([aChange(), aChange()], EDITABLE)).toEqual(['The path "train.py" is listed twice.'])
  })
})

describe('contents', () => {
  it.each<[string, Partial<Change>, string]>([
    ['a symlink', { mode: '120000' }, 'mode 120000 (symlink)'],
    ['a submodule', { mode: '160000' }, 'mode 160000 (submodule)'],
    ['an executable', { mode: '100755' }, 'mode 100755 (executable)'],
    ['a file over 256 KiB', { after: 'é'.repeat(128 * 1024 + 1) }, 'larger than 256 KiB'],
    ['bidi controls', { after: 'LR = 0.2 # \u202e\u2066\n' }, 'gains invisible characters: U+202E, U+2066.'],
    ['tag characters', { after: 'LR = 0.2 # \u{e0041}\n' }, 'U+E0041'],
    ['a zero width space', { after: 'L\u200bR = 0.2\n' }, 'U+200B'],
    ['a Hangul filler', { after: 'x\u3164 = 0.2\n' }, 'U+3164'],
    ['a selector that hides bytes', { after: 'LR = 0.2 # a\ufe0f\u{e0100}\n' }, 'U+FE0F, U+E0100'],
    ['a line separator', { after: 'LR = 0.2 //\u2028x' }, 'U+2028'],
    ['a lone carriage return', { after: 'LR = 0.2 #\rx = 1\n' }, 'U+000D'],
    ['an escape', { after: 'LR = 0.2 # \u001b[2K\n' }, 'U+001B'],
    ['one more of those there', { before: 'a\u200b', after: 'b\u200b\u200b' }, 'U+200B'],
  ])('refuses %s', (_, fields, reason) => {
    expect(reviewChanges([aChange(fields)], EDITABLE)).toEqual([expect.stringContaining(reason)])
  })

  it('refuses a file that is not UTF-8 text', () => {
    expect(reviewChanges([{ path: 'train.py', mode: '100644', before: 'x' }], EDITABLE)).toEqual([
      '"train.py" is not UTF-8 text.',
    ])
  })

  it('refuses more than 512 KiB in total', () => {
    const after = 'x'.repeat(200 * 1024)
    const changes = ['src/a', 'src/b', 'src/c'].map((path) => aChange({ path, after }))
    expect(reviewChanges(changes, EDITABLE)).toEqual(['The changed files are larger than 512 KiB in total.'])
  })

  it('refuses more than 100 files', () => {
    const changes = Array.from({ length: 101 }, (_, index) => aChange({ path: `src/${index}` }))
    expect(reviewChanges(changes, EDITABLE)).toEqual([
      'The change touches 101 files; at most 100 are allowed.',
    ])
  })

  it('gives one reason per violation', () => {
    const changes = [aChange({ path: 'evaluate.py' }), aChange({ mode: '120000' })]
    expect(reviewChanges(changes, EDITABLE)).toHaveLength(2)
  })

  it('never repeats an invisible character in a reason', () => {
    const [reason = ''] = reviewChanges([aChange({ path: 'a\u202e\u001b[2K.py' })], EDITABLE)
    expect(reason).toContain('a<U+202E>\\u001b[2K.py')
  })
})

describe('substance', () => {
  it('F60 refuses an empty change', () => {
    expect(reviewChanges([], EDITABLE)).toEqual(['The change is empty: no file differs from the baseline.'])
    expect(reviewChanges([aChange({ after: 'LR = 0.1\n' })], EDITABLE)).toEqual([
      'The change is empty: the content of the files is the same as before.',
    ])
  })

  it.each([
    ['py', 'x=1\n', 'x = 1\n\n\n'],
    ['py', 'if a:\n    b\n', 'if a:\n  b\n'],
    ['py', 'f(a,\n  b)\n', 'f(a, b)\n'],
    ['py', 'x = 1\ny = 2\n', 'x = 1\r\ny = 2\r\n'],
    ['py', '"""a\nb"""\nx = 1\n', '"""a\r\nb"""\r\nx = 1\r\n'],
    ['ts', 'const a = 1;\nf()', 'const a=1; f()'],
    ['cu', 'int a = 1;', 'int  a\n= 1;'],
    ['yaml', 'a:\n  b: 1\n', 'a:\n    b:  1\n'],
    ['json', '{"a": 1}', '{ "a":1 }\n'],
    ['txt', 'a b\n', 'a  b \n\n'],
  ])('F60 refuses white space in .%s: %j → %j', (extension, before, after) => {
    expect(reviewEdit(extension, before, after)).toBe('The change affects only white space.')
  })

  it.each([
    ['py', 'x = 1\n', 'x = 1  # one\n'],
    ['py', 'x = 1\n', '# one\n\nx = 1\n'],
    ['py', 'x = "#"\n', 'x = "#" # it\'s "quoted"\n'],
    ['py', 'x = 1 # a\r\ny = 2\r\n', 'x = 1 # b\r\ny = 2\r\n'],
    ['py', "x = '\\'#' # a\n", "x = '\\'#' # b\n"],
    ['py', 'if a:\n    b\n', 'if a:\n  # why\n    b\n'],
    ['py', 'x = 0.1\n', 'x = 1e-1\n'],
    ['py', 'x = 1000\n', 'x = 1_000\n'],
    ['ts', 'f()', 'f() // `${'],
    ['ts', 'const url = "https://a" // b', 'const url = "https://a"'],
    ['ts', 'const a = /["\'`]\\/[/*]/g; /* b */', 'const a = /["\'`]\\/[/*]/g;'],
    ['ts', 'x = a / b // c / d', 'x = a / b'],
    ['ts', '`a${ /* b */ f({ c: `d` }) }e // f`', '`a${ f({ c: `d` }) }e // f`'],
    ['cpp', 'int a; // b', 'int a; /* c\n d */'],
    ['cpp', 'int a; // b \\\n c', 'int a;'],
    ['c', "char q = '\"'; // a", "char q = '\"'; // b"],
    ['rs', "fn f<'a>(x: &'a str) {} // it's", "fn f<'a>(x: &'a str) {}"],
    ['go', 'x := `// no` // yes', 'x := `// no`'],
    ['java', 'var s = """\n // " no""" ; // yes', 'var s = """\n // " no""" ;'],
    ['yaml', "a: it's # b\n", 'a: it\'s # "c\n'],
    ['toml', "a = '#' # b\n", "a = '#'\n"],
    ['sh', 'echo a#b $# # c\n', 'echo a#b $#\n'],
    ['html', '<p>a</p>', '<p>a</p><!-- b\nc -->'],
  ])('F60 refuses comments in .%s: %j → %j', (extension, before, after) => {
    const reason = 'The change affects only comments, white space or the notation of numbers.'
    expect(reviewEdit(extension, before, after)).toBe(reason)
  })

  it.each([
    ['py', 'SEED = 1\n', 'SEED = 2\n'],
    ['py', 'SEED: int = 42\n', 'SEED: int = 0x2b # luck\n'],
    ['py', 'torch.manual_seed(42)\n', 'torch.manual_seed(1337)\n'],
    ['py', 'random.seed(\n    1,\n)\n', 'random.seed(\n    2,\n)\n'],
    ['py', 'random.seed(int(1))\n', 'random.seed(int(2))\n'],
    ['py', 'f(lr=0.1, seed=1)\n', 'f(lr=0.1, seed=2)\n'],
    ['py', 'SEEDS = [1, 2]\n', 'SEEDS = [3, 4]\n'],
    ['py', 'key = jax.random.PRNGKey(0)\n', 'key = jax.random.PRNGKey(1)\n'],
    ['py', 'rng = np.random.default_rng(0)\n', 'rng = np.random.default_rng(1)\n'],
    ['ts', 'const a = { lr: 0.1, seed: 1 }', 'const a = { lr: 0.1, seed: 2 }'],
    ['ts', 'const SEED =\n  42', 'const SEED =\n  43'],
    ['cpp', 'std::mt19937 gen(1); srand(2);', 'std::mt19937 gen(3); srand(4);'],
    ['yaml', 'seed: 1\n', 'seed: 2 # luck\n'],
    ['json', '{"train": {"lr": 1, "seed": 1}}', '{"train": {"lr": 1, "seed": 2}}'],
    ['ini', 'seed = 1\n', 'seed = 2\n'],
  ])('F60 refuses seeds in .%s: %j → %j', (extension, before, after) => {
    expect(reviewEdit(extension, before, after)).toContain('only random seeds')
  })

  it('F60 refuses a change of seeds in one file and comments in another', () => {
    const changes = [aChange({ before: 'seed = 1', after: 'seed = 2' }), anEdit('py', 'x = 1', 'x = 1 # y')]
    expect(reviewChanges(changes, EDITABLE).join()).toContain('only random seeds')
  })

  it.each([
    ['a dedent in Python', 'py', 'for a in b:\n  c\n  d\n', 'for a in b:\n  c\nd\n'],
    ['a joined line in Python', 'py', 'a\nb\n', 'a; b\n'],
    ['an indent in YAML', 'yaml', 'a:\n  b:\n  c: 1\n', 'a:\n  b:\n    c: 1\n'],
    ['blanks inside a string', 'py', 'x = "a b"\n', 'x = "a  b"\n'],
    ['a hash inside a string', 'py', 'x = "a#b"\n', 'x = "a#c"\n'],
    ['a docstring', 'py', '"""a\n# b\n"""\n', '"""a\n# c\n"""\n'],
    ['a hash inside triple quotes', 'py', "x = '''a\n# '\" b\n'''\n", "x = '''a\n# '\" c\n'''\n"],
    ['slashes inside a string', 'ts', 'const u = "http://a"', 'const u = "http://b"'],
    ['slashes inside a template', 'ts', 'x = `//${a}// b`', 'x = `//${a}// c`'],
    ['code inside a template', 'ts', 'x = `${a /* b */ + 1}`', 'x = `${a /* b */ + 2}`'],
    ['after a template', 'ts', 'x = `${`${{}}`}//`; y = 1', 'x = `${`${{}}`}//`; y = 2'],
    ['a regular expression', 'ts', 'x = /[/]\\/*a/', 'x = /[/]\\/*b/'],
    ['after a regular expression with a quote', 'ts', "x = /'/; y = 1 // '", "x = /'/; y = 2 // '"],
    ['after a division', 'ts', 'x = a / b; y = 1 / 2', 'x = a / b; y = 1 / 3'],
    ['a raw string', 'cpp', 'x = R"a(// " )a";', 'x = R"a(// "" )a";'],
    ['a hash inside a YAML block', 'yaml', 'run: |\n  # a\n  b\nc: 1\n', 'run: |\n  # d\n  b\nc: 1\n'],
    ['after an apostrophe in YAML', 'yaml', "a: it's\nb: 1 # '\n", "a: it's\nb: 2 # '\n"],
    ['words in a file without known comments', 'txt', '# a\n', '# b\n'],
    ['an integer that becomes a float', 'py', 'x = 1\n', 'x = 1.0\n'],
    ['a suffix', 'cu', 'x = 1.0f;', 'x = 1.0;'],
    ['a seed and the learning rate', 'py', 'seed = 1\nlr = 0.1\n', 'seed = 2\nlr = 0.2\n'],
    ['the rate beside a seed', 'py', 'f(seed=1, lr=0.1)\n', 'f(seed=1, lr=0.2)\n'],
    ['the rate in the line of a seed', 'py', 'seed(1); lr = 0.1\n', 'seed(1); lr = 0.2\n'],
    ['the body of a function about seeds', 'ts', 'function seed() { f(1) }', 'function seed() { f(2) }'],
    ['the body of a Python function about seeds', 'py', 'def seed():\n  f(1)\n', 'def seed():\n  f(2)\n'],
    ['the way a seed is made', 'py', 'seed = 1\n', 'seed = int(1)\n'],
  ])('accepts %s', (_, extension, before, after) => {
    expect(reviewEdit(extension, before, after)).toBe('')
  })

  it.each(['js', 'py', 'cpp', 'rs', 'yaml', 'sh', 'toml'])(
    'reads hostile .%s in linear time',
    (extension) => {
      for (const bit of [
        '`${',
        '"""',
        '=/[',
        'R"(',
        'r#"',
        '/*',
        '\\"',
        '(',
        'seed=(',
        '- |\n',
        "1'",
        '\n\t',
      ]) {
        const text = bit.repeat(40_000)
        const spent = processorMilliseconds(() =>
          reviewEdit(extension, text.slice(0, 40_000), text.slice(0, 40_001)),
        )
        // A nanosecond for each pair of characters takes longer.
        expect(spent, bit).toBeLessThan(800)
      }
    },
  )
})

describe('changeKey', () => {
  const key = (before: string, after: string, path = 'train.py') =>
    changeKey([{ path, mode: '100644', before, after }])
  const known = key('LR = 0.1\nWD = 0.1\n', 'LR = 0.2\nWD = 0.1\n')

  it('is 16 hex digits', () => {
    expect(known).toMatch(/^[0-9a-f]{16}$/)
  })

  it.each([
    ['another layout', 'LR=0.1\nWD=0.1\n', 'LR =  0.2\n\nWD=0.1\n'],
    ['other comments', 'LR = 0.1 # rate\nWD = 0.1\n', '# twice\nLR = 0.2\nWD = 0.1\n'],
    ['another spelling of the number', 'LR = 0.1\nWD = 0.1\n', 'LR = 2e-1\nWD = 0.1\n'],
  ])('F7 is the same with %s', (_, before, after) => {
    expect(key(before, after)).toBe(known)
  })

  it('F7 is the same when distant code of the baseline changed', () => {
    const around = (first: string, rate: string) => `A = ${first}\n${'x = y\n'.repeat(20)}LR = ${rate}\n`
    expect(key(around('1', '0.1'), around('1', '0.2'))).toBe(key(around('2', '0.1'), around('2', '0.2')))
  })

  it('F7 is the same for any order of the files', () => {
    const a = aChange()
    const b = aChange({ path: 'src/b.py' })
    expect(changeKey([a, b])).toBe(changeKey([b, a]))
  })

  it.each([
    ['the same step on another constant', key('LR = 0.1\nWD = 0.1\n', 'LR = 0.1\nWD = 0.2\n')],
    ['another value', key('LR = 0.1\nWD = 0.1\n', 'LR = 0.3\nWD = 0.1\n')],
    ['another file', key('LR = 0.1\nWD = 0.1\n', 'LR = 0.2\nWD = 0.1\n', 'src/b.py')],
    ['the way back', key('LR = 0.2\nWD = 0.1\n', 'LR = 0.1\nWD = 0.1\n')],
  ])('differs for %s', (_, other) => {
    expect(other).not.toBe(known)
  })

  it('distinguishes a deleted file from an emptied one', () => {
    const before = 'x = 1\n'
    const deleted = changeKey([{ path: 'src/a.py', mode: null, before }])
    expect(deleted).not.toBe(changeKey([{ path: 'src/a.py', mode: '100644', before, after: '' }]))
  })
})
