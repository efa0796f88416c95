// Hydra: what a script reads without importing or naming it.
import { expect, it } from 'vitest'
import { hydraFiles } from '../../../src/core/init/hydra.ts'
import { planInit } from '../../../src/core/init/init.ts'
import { aLayout } from './layouts.ts'

const SCRIPT = `import hydra
from omegaconf import DictConfig

def train(cfg):
    loss.backward()
    print(f"val_loss: {x}")

@hydra.main(
    version_base="1.3",
    config_path="../configs",
    config_name="train.yaml",
)
def main(cfg: DictConfig):
    train(cfg)

if __name__ == "__main__":
    main()
`

const FILES = {
  'src/train.py': SCRIPT,
  'src/models/net.py': 'class Net: ...\n',
  'src/models/other.py': 'class Other: ...\n',
  'src/data/mnist.py': 'scaler.fit(x)\n',
  'configs/train.yaml':
    '# settings\ndefaults:\n  - _self_\n  - model: small\n  - data: mnist\n  - optional local: default\n  - logger: null\n  - override hydra/launcher: basic\n\nseed: 1\n',
  'configs/model/small.yaml':
    'defaults:\n  - base\n  - /optimizer@optim: adam\n_target_: src.models.net.Net\nwidth: 64\n',
  'configs/model/base.yaml': 'depth: 2\n',
  'configs/model/large.yaml': '_target_: src.models.other.Other\n',
  'configs/optimizer/adam.yml': '_target_: torch.optim.Adam\nlr: 0.001\n',
  'configs/data/mnist.yaml': '_target_: src.data.mnist.Mnist\n',
}

it('follows the defaults from the main file to those that it reads, and to the code that these name', () => {
  expect(hydraFiles(aLayout(FILES), 'src/train.py')).toEqual({
    configs: [
      'configs/train.yaml',
      'configs/model/small.yaml',
      'configs/data/mnist.yaml',
      'configs/model/base.yaml',
      'configs/optimizer/adam.yml',
    ],
    ofTheModel: ['configs/model/small.yaml', 'configs/model/base.yaml', 'configs/optimizer/adam.yml'],
    modules: ['src/models/net.py', 'src/data/mnist.py'],
  })
})

it.each([
  ['no script of Hydra', { 'train.py': 'print("configs")\n', 'configs/config.yaml': '' }],
  ['a main file that does not exist', { 'train.py': '@hydra.main(config_path="conf")\n' }],
  ['a folder outside', { 'train.py': '@hydra.main(config_path="../../etc", config_name="passwd")\n' }],
])('finds nothing for %s', (_, files) => {
  expect(hydraFiles(aLayout(files), 'train.py')).toEqual({ configs: [], ofTheModel: [], modules: [] })
})

it('takes no settings of data for those of the model, wherever the configuration is', () => {
  const files = {
    'nets/train.py': '@hydra.main(config_path="conf", config_name="a")\n',
    'nets/conf/a.yaml': 'defaults:\n  - data: mnist\n  - optim: adam\n',
    'nets/conf/data/mnist.yaml': 'fraction: 0.9\n',
    'nets/conf/optim/adam.yaml': 'lr: 0.1\n',
  }
  expect(hydraFiles(aLayout(files), 'nets/train.py').ofTheModel).toEqual(['nets/conf/optim/adam.yaml'])
})

it('ends where files name each other in a circle', () => {
  const files = {
    'train.py': '@hydra.main(config_path="conf", config_name="a")\n',
    'conf/a.yaml': 'defaults: # two\n  - b\n',
    'conf/b.yaml': 'defaults:\n  - a\n',
  }
  expect(hydraFiles(aLayout(files), 'train.py').configs).toEqual(['conf/a.yaml', 'conf/b.yaml'])
})

const editableOf = (config: string) =>
  config
    .slice(config.indexOf('editable:'), config.indexOf('program:'))
    .split('\n')
    .flatMap((line) => /^ {2}- (\S+)/.exec(line)?.[1] ?? [])

it('lets proposals change the model and its settings, and not the data', () => {
  const { config, check } = planInit(aLayout(FILES), new Map())
  expect(editableOf(config)).toEqual([
    'src/train.py',
    'src/models/net.py',
    'configs/model/small.yaml',
    'configs/model/base.yaml',
    'configs/optimizer/adam.yml',
  ])
  expect(check.join()).not.toContain('settings')
})

it('leaves one file with all settings to a person, and one that the command names', () => {
  const alone = { 'src/train.py': SCRIPT, 'configs/train.yaml': 'lr: 0.1\ndata: /data\n' }
  const plan = planInit(aLayout(alone), new Map())
  expect(editableOf(plan.config)).toEqual(['src/train.py'])
  expect(plan.check.join()).toContain('reads its settings from configs/train.yaml')
  const named = {
    'README.md': 'python train.py --config=configs/base.toml\n',
    'train.py': SCRIPT.replace('@hydra.main', '@other'),
    'configs/base.toml': 'lr = 0.1\n',
  }
  expect(planInit(aLayout(named), new Map()).check.join()).toContain(
    'reads its settings from configs/base.toml',
  )
})
