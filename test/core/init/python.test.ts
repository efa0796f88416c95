// How a script of Python is chosen, started, installed and fed, in the styles of repositories that have no recipe.
import { describe, expect, it } from 'vitest'
import { type Config, parseConfig } from '../../../src/core/config/config.ts'
import { planInit } from '../../../src/core/init/init.ts'
import { importedFiles, pythonEnvironment } from '../../../src/core/init/python.ts'
import { documentedStart, requiredArguments } from '../../../src/core/init/start.ts'
import { aLayout } from './layouts.ts'

type Files = Readonly<Record<string, string>>

const planOf = (files: Files) => planInit(aLayout(files), new Map())

function configOf(files: Files): Config {
  const parsed = parseConfig(planOf(files).config)
  if (parsed.kind === 'problems') throw new Error(JSON.stringify(parsed.problems))
  return parsed.config
}

const PRINTS = 'print(f"val_loss: {x}")\n'
const TRAINS = `for batch in data:\n    loss.backward()\n${PRINTS}`
const GUARDED = `def main():\n    loss.backward()\n    ${PRINTS}if __name__ == "__main__":\n    main()\n`

describe('the script that trains', () => {
  it.each<[string, Files, string]>([
    [
      'is the one that its importer starts',
      {
        'train.py': 'def f():\n    loss.backward()\n',
        'main.py': 'import train\nif __name__ == "__main__":\n    train.f()\n',
      },
      'python3 main.py',
    ],
    [
      'is the one that runs the operation which trains, in a session of TensorFlow 1',
      {
        'execute_cora.py': `for i in x:\n    _, l = sess.run([train_op, loss])\n${PRINTS}`,
        'process.py': 'x = 1\n',
      },
      'python3 execute_cora.py',
    ],
    [
      'is one in a folder, when a loop of it stands outside of any function',
      {
        'implementations/gan/gan.py': TRAINS,
        'implementations/a.py': 'for i in x:\n    pass\ndef f():\n    loss.backward()\n',
      },
      'python3 implementations/gan/gan.py',
    ],
    [
      'is what a document starts, not what sorts first',
      { 'README.md': 'python train_b.py\n', 'train_a.py': TRAINS, 'train_b.py': TRAINS },
      'python3 train_b.py',
    ],
    [
      'is the one that a document starts first, also in a list',
      {
        'README.md': '+ `python -u main.py --layers 2`\n+ `python finetune.py`\npython also.py\n',
        'also.py': TRAINS,
        'finetune.py': TRAINS,
        'main.py': TRAINS,
      },
      'python3 main.py --layers 2',
    ],
    [
      'is the one of a command that cannot be taken as it is, and not one that prose names before',
      {
        'README.md': 'See [train_a.py](train_a.py).\npython train_b.py --data /path/to/data --name ""\n',
        'train_a.py': TRAINS,
        'train_b.py': TRAINS,
      },
      'python3 train_b.py',
    ],
    [
      'is what a command of its folder names',
      {
        'README.md': 'cd jobs && python train_b.py "x"\n',
        'jobs/train_a.py': TRAINS,
        'jobs/train_b.py': TRAINS,
      },
      'python3 jobs/train_b.py',
    ],
    [
      'is started as a module, when a document does so',
      { 'README.md': 'python -m zoo.fit --steps 9\n', 'zoo/fit.py': TRAINS },
      'python3 -m zoo.fit --steps 9',
    ],
    [
      'is started in its folder, when a command changes into it',
      {
        'README.md': 'python fit.py --resume 1\n\ncd ./jobs && python fit.py --steps 9\n',
        'jobs/fit.py': `from lib.model import Net\n${TRAINS}`,
        'lib/model.py': '',
      },
      'cd jobs && python3 fit.py --steps 9',
    ],
    [
      'is started in its folder, when the line above changes into it',
      {
        'README.md': '```\ncd jobs/a/\n# all at once\n$ torchrun --nproc_per_node 2 fit.py\n```\n',
        'jobs/a/fit.py': TRAINS,
      },
      'cd jobs/a && python3 -m torch.distributed.run --nproc_per_node 2 fit.py',
    ],
    [
      'is not started in a folder that another paragraph names',
      {
        'README.md': 'cd jobs\n\npython fit.py --steps 9\ncd other && python fit.py\n',
        'jobs/fit.py': TRAINS,
      },
      'python3 jobs/fit.py',
    ],
    [
      'needs no arguments that nobody names, and prints what it reaches on data of its own',
      {
        'a/main.py': `parser.add_argument("--data", required=True)\n${TRAINS}`,
        'b/main.py': TRAINS.replace('val_loss', 'loss'),
        'c/main.py': TRAINS,
      },
      'python3 c/main.py',
    ],
    [
      'may be at the root and train with what is below it',
      { 'train.py': 'from lib.train import go\ngo()\n', 'lib/train.py': GUARDED },
      'python3 train.py',
    ],
    [
      'starts from scratch, where no document says what to start',
      { 'finetune.py': TRAINS, 'main.py': TRAINS },
      'python3 main.py',
    ],
    [
      'sends nothing to a cluster, whatever stands before the name of the scheduler',
      { 'a_run_with_submitit.py': GUARDED, 'main.py': TRAINS, 'run_slurm.py': TRAINS },
      'python3 main.py',
    ],
    [
      'does not count a comment about training',
      { 'data.py': `"""Called before \`trainer.fit()\`."""\n${PRINTS}`, 'train.py': TRAINS },
      'python3 train.py',
    ],
    [
      'may have any name in a folder, when it can be started',
      { 'projects/chat/chat.py': GUARDED, 'lib/model.py': 'def f():\n    loss.backward()\n' },
      'python3 projects/chat/chat.py',
    ],
    [
      'sends nothing to a cluster',
      { 'submitit_train.py': 'class Trainer(object):\n    pass\nTrainer()\n', 'main_train.py': TRAINS },
      'python3 main_train.py',
    ],
    ['is no test', { 'train_test.py': GUARDED, 'zoo/run_it.py': GUARDED }, 'python3 zoo/run_it.py'],
    [
      'may boost trees',
      { 'boost.py': 'bst = xgb.train(params, dtrain)\nprint(f"val_auc: {x}")\n' },
      'python3 boost.py',
    ],
  ])('%s', (_, files, train) => {
    expect(configOf(files).train).toBe(train)
  })

  it('is not the only one: the others are named', () => {
    expect(planOf({ 'a/run.py': GUARDED, 'b/chat.py': GUARDED }).check.join()).toContain(
      'Other scripts train too: b/chat.py.',
    )
  })
})

describe('how documents start a script', () => {
  it.each<[string, Files, string[] | undefined]>([
    ['in a line', { 'README.md': '    python train.py --lr 0.1\n' }, ['--lr', '0.1']],
    ['between backticks', { 'README.md': '`python train.py --lr=0.1`\n' }, ['--lr=0.1']],
    [
      'over several lines',
      { 'README.md': 'python train.py \\\n  --lr 0.1 \\\n  --wd 0\n' },
      ['--lr', '0.1', '--wd', '0'],
    ],
    ['in a Makefile', { Makefile: 'train:\n\t@python train.py --fast\n' }, ['--fast']],
    ['with names to fill in', { 'README.md': 'python train.py --algo algo_name --env env_id\n' }, undefined],
    ['with a path to fill in', { 'README.md': 'python train.py --data /path/to/data\n' }, undefined],
    [
      'with a name to fill in',
      { 'README.md': 'python train.py experiment=experiment_name.yaml\npython train.py --fast\n' },
      ['--fast'],
    ],
    ['of the reader', { 'README.md': 'python train.py --data your_data.csv\n' }, undefined],
    ['with more than plain words', { 'README.md': 'python train.py --lr $(cat lr)\n' }, undefined],
  ])('%s', (_, files, words) => {
    expect(documentedStart(aLayout({ 'train.py': TRAINS, ...files }), 'train.py')?.words).toEqual(words)
  })
})

it.each<[string, string, string[]]>([
  ['a positional argument', 'parser.add_argument("data")', ['data']],
  ['a positional argument with a default', 'parser.add_argument("data", nargs="?", default="x")', []],
  [
    'a required option over several lines',
    'parser.add_argument(\n    "--data",\n    required=True,\n)',
    ['--data'],
  ],
  ['its long name', 'parser.add_argument("-d", "--data", required=True)', ['--data']],
  [
    'no option of its neighbour',
    'parser.add_argument("--a")\nparser.add_argument("--b", required=True)',
    ['--b'],
  ],
  ['click', '@click.option("--data", required=True)\n@click.option("--lr", default=0.1)', ['--data']],
  [
    'absl',
    'flags.DEFINE_string("data", None, "Where", required=True)\nflags.DEFINE_float("lr", 0.1, "Rate")',
    ['--data'],
  ],
  [
    'absl, marked later',
    "flags.mark_flags_as_required(\n    ['config', 'workdir'])",
    ['--config', '--workdir'],
  ],
  ['absl, one', "flags.mark_flag_as_required('config')", ['--config']],
  ['a comment', '# parser.add_argument("data")', []],
])('arguments without which a script stops: %s', (_, source, names) => {
  const found = requiredArguments(aLayout({ 'train.py': source }), 'train.py')
  expect(found.map(({ what }) => what)).toEqual(names)
})

it.each<[string, Files, string | undefined, string]>([
  ['uv.lock', { 'uv.lock': '', 'requirements.txt': '' }, 'uv sync', 'uv run'],
  [
    'requirements.txt',
    { 'requirements.txt': '' },
    'pip install -r requirements.txt',
    '$AUTORESEARCH_DATA/venv/bin/python',
  ],
  ['pyproject.toml', { 'pyproject.toml': '[project]\ndependencies = []\n' }, 'uv sync', 'uv run'],
  ['poetry', { 'pyproject.toml': '[tool.poetry]\nname = "x"\n' }, 'poetry install', 'poetry run python'],
  [
    'setup.py',
    { 'setup.py': "setup(install_requires=['torch'])\n" },
    'pip install -e .',
    '$AUTORESEARCH_DATA/venv/bin/python',
  ],
  [
    'setup.cfg',
    { 'setup.cfg': '[options]\ninstall_requires =\n  torch\n' },
    'pip install -e .',
    '$AUTORESEARCH_DATA/venv/bin/python',
  ],
  ['conda', { 'environment.yaml': 'name: x\n' }, undefined, 'python3'],
  ['nothing', {}, undefined, 'python3'],
])('packages of %s', (_, files, install, run) => {
  const environment = pythonEnvironment(aLayout(files))
  expect(environment.run).toBe(run)
  expect(
    environment.install
      ?.split(' && ')
      .at(-1)
      ?.replace(/^\S+\/bin\//, ''),
  ).toBe(install)
})

it('says of a conda environment that a person creates it', () => {
  const { assumed, findings } = pythonEnvironment(aLayout({ 'environment.yml': '' }))
  expect(assumed.join()).toContain('packages of `environment.yml`')
  expect(findings).toHaveLength(1)
})

describe('frameworks that print by themselves', () => {
  const matches = (files: Files, line: string) => {
    const { source } = configOf(files).metric
    return source.kind === 'pattern' ? new RegExp(source.pattern).exec(line)?.[1] : undefined
  }
  const HYDRA = {
    'src/train.py':
      'import lightning as L\ntrainer = hydra.utils.instantiate(cfg.trainer)\ntrainer.fit(model)\nif cfg.test: trainer.test(model)\nif __name__ == "__main__":\n    main()\n',
    'src/models/net.py': 'self.log("val/loss", x)\nself.log("test/acc", y)\nself.log("test/loss", x)\n',
  }

  it('Lightning: what the last table shows, also of a model that only a configuration names', () => {
    expect(matches(HYDRA, '│         test/acc          │    0.9731     │')).toBe('0.9731')
  })

  it('Stable-Baselines3: the mean reward of its table, and what to add when it prints none', () => {
    const script = (verbose: string) => ({
      'train.py': `from stable_baselines3 import PPO\nmodel = PPO("MlpPolicy", env${verbose})\nmodel.learn(10_000)\n`,
    })
    expect(matches(script(', verbose=1'), '|    ep_rew_mean     | 21.4     |')).toBe('21.4')
    expect(configOf(script(', verbose=1')).metric).toMatchObject({ direction: 'maximize' })
    expect(planOf(script('')).missing.join()).toContain('verbose=1')
  })

  it('Lightning: what to add when no table is printed', () => {
    const files = { 'train.py': 'import lightning as L\ntrainer = L.Trainer()\ntrainer.fit(model)\n' }
    expect(planOf(files).missing.join()).toContain('trainer.validate(model)')
    expect(planOf({ 'train.py': TRAINS.replace(PRINTS, '') }).missing.join()).not.toContain(
      'trainer.validate',
    )
  })

  it('Keras: the end of an epoch', () => {
    const files = { 'train.py': 'from tensorflow import keras\nmodel.fit(x, y, validation_split=0.1)\n' }
    const line = '422/422 - 5s - loss: 0.0512 - accuracy: 0.98 - val_loss: 0.0411 - val_accuracy: 0.99'
    expect(planOf(files).recognised).toBe('a Keras script')
    expect(matches(files, line)).toBe('0.0411')
  })

  it.each([
    [
      'XGBoost: the set named last',
      'import xgboost as xgb\nparams = {"max_depth": 3}\nxgb.train(params, d, 25, evals=[(d, "train"), (v, "eval")])\n',
      '[24]\ttrain-rmse:0.71132\teval-rmse:0.99590',
      { recognised: 'an XGBoost script', name: 'eval_metric', direction: 'minimize', value: '0.99590' },
    ],
    [
      'XGBoost: the last of the numbered sets, and the first metric',
      'from xgboost import XGBClassifier\nmodel = XGBClassifier(eval_metric=["auc", "logloss"])\nmodel.fit(X, y, eval_set=[(X, y), (A, b)])\n',
      '[7]\tvalidation_0-auc:0.99673\tvalidation_0-logloss:0.17544\tvalidation_1-auc:0.93958\tvalidation_1-logloss:0.32796',
      { recognised: 'an XGBoost script', name: 'validation_1_auc', direction: 'maximize', value: '0.93958' },
    ],
    [
      'LightGBM: the set named last',
      'import lightgbm as lgb\np = {"metric": "rmse"}\nlgb.train(p, d, 25, valid_sets=[d, v], valid_names=["train", "valid"], callbacks=[lgb.log_evaluation(10)])\n',
      "[24]\ttrain's rmse: 0.845044\tvalid's rmse: 0.989121",
      { recognised: 'a LightGBM script', name: 'valid_rmse', direction: 'minimize', value: '0.989121' },
    ],
    [
      "LightGBM: a metric under the library's own name",
      'import lightgbm\nlightgbm.train({"metric": "mse"}, d, valid_sets=[v], callbacks=[lightgbm.log_evaluation(5)])\n',
      "[5]\tvalid_0's l2: 2.54691",
      { recognised: 'a LightGBM script', name: 'valid_metric', direction: 'minimize', value: '2.54691' },
    ],
    [
      'CatBoost: the best of the test set',
      'from catboost import CatBoostClassifier\nmodel = CatBoostClassifier(eval_metric="AUC")\nmodel.fit(X, y, eval_set=(A, b))\n',
      'bestTest = 0.911407822',
      { recognised: 'a CatBoost script', name: 'best_test_auc', direction: 'maximize', value: '0.911407822' },
    ],
  ])('%s', (_, script, line, { recognised, value, ...metric }) => {
    const files = { 'train.py': script }
    expect(planOf(files).recognised).toBe(recognised)
    expect(configOf(files).metric).toMatchObject(metric)
    expect(matches(files, line)).toBe(value)
  })

  it.each([
    ['XGBoost', 'import xgboost as xgb\nxgb.train({}, d, 25)\n', 'evals=['],
    ['LightGBM', 'import lightgbm as lgb\nlgb.train({}, d, valid_sets=[v])\n', 'log_evaluation'],
    ['CatBoost', 'import catboost\ncatboost.CatBoost().fit(X, y)\n', 'eval_set'],
  ])('%s: what to add when it prints nothing of a held-out set', (_, script, advice) => {
    expect(planOf({ 'train.py': script }).missing.join()).toContain(advice)
  })

  it("meters, as in PyTorch's ImageNet example", () => {
    const files = {
      'main.py': "loss.backward()\ntop1 = AverageMeter('Acc@1', ':6.2f')\nentries = [\" *\"]\nmain()\n",
    }
    expect(matches(files, ' *   Acc@1 71.203 Acc@5 90.117')).toBe('71.203')
    expect(matches(files, 'Epoch: [0][10/99]  Acc@1  10.00 ( 11.00)')).toBeUndefined()
  })
})

it.each([
  'datasets.MNIST("data", download=True)',
  'ds = tfds.load("mnist")',
  'ds = load_dataset("wikitext")',
  'x, y = keras.datasets.mnist.load_data()',
  'X, y = fetch_openml("mnist_784")',
  'urllib.request.urlretrieve(URL, path)',
])('warns of a download while training: %s', (line) => {
  expect(planOf({ 'train.py': `${line}\n${TRAINS}` }).check.join()).toContain('train.py:1 downloads')
  expect(planOf({ 'train.py': TRAINS }).check.join()).not.toContain('downloads')
})

it('prepares data with what is beside the script or in a common folder, and in no other project', () => {
  const files = { 'v1/train.py': TRAINS, 'v2/make_data.py': '' }
  expect(configOf(files).setup).toBeUndefined()
  expect(configOf({ ...files, 'v1/prepare.py': '' }).setup).toBe('python3 v1/prepare.py')
  expect(configOf({ ...files, 'data/text/prepare.py': '' }).setup).toBe('python3 data/text/prepare.py')
})

it('leaves data to a person where the script that prepares it needs arguments', () => {
  const plan = planOf({ 'train.py': TRAINS, 'prepare.py': 'parser.add_argument("source")\n' })
  expect(plan.check.join()).toContain('prepare.py seems to prepare data, and stops without source')
  expect(
    configOf({ 'train.py': TRAINS, 'prepare.py': 'parser.add_argument("source")\n' }).setup,
  ).toBeUndefined()
})

it('a proposal may change what defines layers, whatever its file is called, and not what measures', () => {
  const layer = (base: string) => `class Block(${base}):\n    pass\n`
  const files = {
    'train.py': `from parts import *\nimport norms, perplexity, plain\nfrom lib.Models import A\n${TRAINS}`,
    'parts.py': layer('nn.Module, PyTorchModelHubMixin'),
    'norms.py': layer('torch.autograd.Function'),
    'lib/Models.py': 'A = 1\n',
    'perplexity.py': layer('nn.Module'),
    'plain.py': layer('LightningDataModule'),
  }
  expect(configOf(files).editable).toEqual(['train.py', 'parts.py', 'norms.py', 'lib/Models.py'])
})

it('names a folder of many models in one line, and files of data in none', () => {
  const models = Array.from({ length: 9 }, (_, index) => `models/m${index}.py`)
  const files = Object.fromEntries(models.map((path) => [path, '']))
  const text = `import data_provider, datasets.imagenet\n${models.map((path) => `import models.${path.slice(7, -3)}\n`).join('')}`
  const layout = {
    ...files,
    'data_provider.py': 'scaler.fit(x)\n',
    'datasets/imagenet.py': '',
    'train.py': `${text}${TRAINS}`,
  }
  expect(configOf(layout).editable).toEqual(['train.py', 'models/*.py'])
  // The pattern alone would make these editable, too.
  const beside = { 'models/eval_all.py': '', 'models/dataset.py': '' }
  expect(configOf({ ...layout, ...beside }).editable).toEqual([
    'train.py',
    'models/*.py',
    '!models/dataset.py',
    '!models/eval_all.py',
  ])
  const project = Object.fromEntries(
    Object.entries({ ...layout, ...beside, 'requirements.txt': '' }).map(([path, text]) => [
      `a/${path}`,
      text,
    ]),
  )
  expect(configOf(project).editable).toContain('!a/models/dataset.py')
})

it('names the scripts of other folders, where each lists its packages', () => {
  const { check } = planOf({ 'a/main.py': TRAINS, 'a/requirements.txt': '', 'b/main.py': TRAINS })
  expect(check.join()).toContain('Other scripts train too: b/main.py. `train` runs one in a.')
})

it.each<[string, Files, string[]]>([
  [
    'everything that a package imports with a star',
    {
      'train.py': 'from models import *\n',
      'models/__init__.py': 'from .vgg import *\n',
      'models/vgg.py': '',
    },
    ['models/__init__.py', 'models/vgg.py'],
  ],
  [
    'the package above, and modules beside',
    {
      'train.py': 'import torch, a.b.c as c\n',
      'a/b/c.py': 'from ..nets import (big, small)\nfrom . import d\nfrom .... import far\n',
      'a/nets/small.py': '',
      'a/b/d.py': '',
      'far.py': '',
    },
    ['a/b/c.py', 'a/nets/small.py', 'a/b/d.py'],
  ],
  [
    'a list in brackets over several lines, from a package below src',
    { 'train.py': 'from lib import (\n    net,\n)\n', 'src/lib/__init__.py': '' },
    ['src/lib/__init__.py'],
  ],
])('imports %s', (_, files, imported) => {
  expect(importedFiles(aLayout(files), 'train.py')).toEqual(imported)
})
