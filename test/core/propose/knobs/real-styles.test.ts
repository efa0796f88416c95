// Constants in the styles of real repositories: which are tuned by default, which only by name, and which never.
import { describe, expect, it } from 'vitest'
import { findKnobs } from '../../../../src/core/propose/knobs/knobs.ts'

function namesIn(path: string, text: string) {
  const knobs = findKnobs(path, text)
  const named = (some: typeof knobs) => some.map(({ name }) => name)
  return {
    tuned: named(knobs.filter(({ byDefault }) => byDefault)),
    byName: named(knobs.filter(({ byDefault }) => !byDefault)),
  }
}

describe('F83 constants in the styles of real repositories', () => {
  it.each<[string, string, string, string[], string[]]>([
    [
      'argparse with hyphens',
      'train.py',
      `parser.add_argument("--matrix-lr", type=float, default=0.02, nargs=1)
parser.add_argument("--warmup-ratio", type=float, default=0.0)
parser.add_argument("--num-iterations", type=int, default=-1)
parser.add_argument("--eval-every", type=int, default=250)
parser.add_argument("--sample-every", type=int, default=2000)
parser.add_argument("--core-metric-max-per-task", type=int, default=500)`,
      ['matrix-lr', 'warmup-ratio'],
      ['eval-every', 'sample-every', 'core-metric-max-per-task'],
    ],
    [
      'dataclasses of arguments',
      'run.py',
      `@dataclass
class Arguments:
    learning_rate: float = field(default=5e-5, metadata={"help": "rate"})
    adam_epsilon: float = field(
        default=1e-8, metadata={"help": "epsilon"}
    )
    per_device_train_batch_size: Optional[int] = field(default=8)
    betas: tuple[float, float] = (0.9, 0.999)
    low_cpu_mem_usage: bool = field(default=False)
    validation_split_percentage: Optional[int] = field(default=5)
    preprocessing_num_workers: int | None = field(default=4)
    seed: int = field(default=42)`,
      ['learning_rate', 'adam_epsilon', 'per_device_train_batch_size', 'betas[0]', 'betas[1]'],
      ['low_cpu_mem_usage', 'validation_split_percentage', 'preprocessing_num_workers'],
    ],
    [
      'switches that decide who prints, and what the program has done',
      'train.py',
      `if ddp:
    master_process = ddp_rank == 0
else:
    master_process = True
    isMainProcess = True
    is_rank_zero = True
disable_tqdm = False
show_progress = True
log_to_console = True
quiet = False
report = True
push_to_hub = False
do_eval = True
is_first = True
converged = False
log_scale = True
track_running_stats = True
tie_weights = True
bias = False`,
      ['log_scale', 'track_running_stats', 'tie_weights', 'bias'],
      [
        'master_process',
        'isMainProcess',
        'is_rank_zero',
        'disable_tqdm',
        'show_progress',
        'log_to_console',
        'quiet',
        'report',
        'push_to_hub',
        'do_eval',
        'is_first',
        'converged',
      ],
    ],
    [
      'settings in Hydra YAML',
      'conf/config.yaml',
      `optimizer:
  _target_: torch.optim.AdamW
  lr: 3e-4
  betas: [0.9, 0.95]
trainer:
  devices: 1
  precision: 16
  log_every_n_steps: 50
ports: [80, 443]
date: 2024-05-01
seed: 42
dropout: \${model.dropout}`,
      ['lr', 'betas[0]', 'betas[1]'],
      ['devices', 'precision', 'log_every_n_steps', 'ports[0]', 'ports[1]'],
    ],
    [
      'variables that main replaces in C',
      'train.cu',
      `int main(int argc, char *argv[]) {
    int B = 4; // batch size
    float learning_rate = 3e-4f;
    float weight_decay = 0.0f;
    float sum = 0.0f;
    for (int i = 1; i < argc; i+=2) { float x = y * 2.0f; }
    update(&model, learning_rate, 0.9f, 1e-8f, step+1);`,
      ['learning_rate', 'weight_decay', 'update(#3)', 'update(#4)'],
      ['B', 'sum'],
    ],
    [
      'options in a shell script',
      'scripts/run.sh',
      `LR=0.0006
mpirun -np 8 ./train \\
  -v 250 -s 20000 \\
  -c 0.1 -l $LR -q 0.0 \\
  --warmup-iters 700 --dropout=0.1 \\
  --seed 1337 --date=2024-05-01 --master_port=29500 --log_interval 10
sleep 1`,
      ['LR', 'c', 'warmup-iters', 'dropout'],
      ['np', 'v', 's', 'q', 'log_interval'],
    ],
    [
      'settings in JSON',
      'configs/small.json',
      '{ "model": { "n_layer": 6, "vocab_size": 50257 }, "optimizer": { "lr": 0.0003, "betas": [0.9, 0.95] }, "seed": 42 }',
      ['n_layer', 'lr', 'betas[0]', 'betas[1]'],
      ['vocab_size'],
    ],
    [
      'click options and arguments',
      'cli.py',
      `@click.option('--lr', '-l', default=1e-3, show_default=True)
@click.option("--use-bias/--no-bias", default=True)
@click.argument('epochs', default=10)
@click.option('--port', default=6006)`,
      ['lr', 'use-bias', 'epochs'],
      [],
    ],
    [
      'bounds beside defaults',
      'config.py',
      'class C(BaseModel):\n    lr: float = Field(3e-4, gt=0)\n    wd: float = Field(default=0.1, ge=0.0, le=1.0)',
      ['lr', 'wd'],
      [],
    ],
    [
      'dictionaries',
      'hp.py',
      'hp = dict(lr=3e-4, n_head=8)\nC = {"dropout": 0.1}',
      ['lr', 'n_head', 'dropout'],
      [],
    ],
    [
      'environment variables',
      'train.py',
      'lr = float(os.environ.get("LR", 0.02))\nrank = int(os.getenv("RANK", 0))',
      ['LR'],
      ['RANK'],
    ],
    [
      'lists in TOML',
      'config.toml',
      '[optimizer]\nbetas = [0.9, 0.95]\nlr = 1e-3',
      ['betas[0]', 'betas[1]', 'lr'],
      [],
    ],
  ])('%s (%s)', (_, path, text, tuned, byName) => {
    expect(namesIn(path, text)).toEqual({ tuned, byName })
  })

  it.each([
    [
      'package.json',
      '{ "version": "1.2.3", "private": true, "engines": { "node": 20 }, "config": { "port": 3000 } }',
    ],
    ['web/tsconfig.build.json', '{ "compilerOptions": { "strict": true, "maxNodeModuleJsDepth": 2 } }'],
    ['package-lock.json', '{ "lockfileVersion": 3, "requires": true }'],
    ['tokenizer_config.json', '{ "model_max_length": 1024, "add_prefix_space": false }'],
    ['.vscode/settings.json', '{ "editor.tabSize": 2 }'],
    ['.github/workflows/ci.yml', 'jobs:\n  test:\n    max-parallel: 2'],
    ['pyproject.toml', '[tool.pytest.ini_options]\ncount = 60'],
    ['docker-compose.dev.yml', 'services:\n  db:\n    cpus: 2'],
  ])('leaves the settings of tools alone: %s', (path, text) => {
    expect(findKnobs(path, text)).toEqual([])
  })

  it.each([
    '__version__ = 1.2',
    'MASTER_PORT = 29500',
    'RANDOM_STATE = 42',
    'rng = 5',
    'key = jax.random.PRNGKey(3)',
    'release_date = 20240501',
    'cutoff = 20240501',
    'started_at = 1700000000',
    'since = 1700000000',
    'RELEASE_YEAR = 2024',
  ])('never changes versions, ports, seeds and dates: %s', (text) => {
    expect(findKnobs('train.py', text)).toEqual([])
  })

  it('tunes settings whose names only look like a date or a device', () => {
    expect(
      namesIn('train.py', 'update_rate = 0.5\nattn_scale = 0.12\nrebuild_prob = 0.3').tuned,
    ).toHaveLength(3)
  })
})
