// Stand-ins for real repositories: the names of their files and the few lines that `init` looks for, nothing else.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Layout } from '../../../src/core/init/layout.ts'
import { RECIPE_NAMES, type RecipeFiles } from '../../../src/core/init/recipes.ts'

const read = (path: string) => readFileSync(new URL(`../../../recipes/${path}`, import.meta.url), 'utf8')

export const RECIPES: ReadonlyMap<string, RecipeFiles> = new Map(
  RECIPE_NAMES.map((name) => {
    const config = read(`${name}/autoresearch.yml`)
    const programPath = String(parse(config).program)
    return [name, { config, program: read(`${name}/program.md`), programPath }]
  }),
)

export const aLayout = (files: Readonly<Record<string, string>>): Layout => new Map(Object.entries(files))

/** By folder in `recipes/`. */
export const KNOWN: Readonly<Record<string, Record<string, string>>> = {
  autoresearch: {
    'README.md': 'uv run train.py\n',
    'prepare.py': 'MAX_SEQ_LEN = 2048\nTIME_BUDGET = 300 # training time budget in seconds\n',
    'program.md': '# autoresearch\n',
    'train.py': [
      'from prepare import MAX_SEQ_LEN, TIME_BUDGET, Tokenizer, make_dataloader, evaluate_bpb',
      'loss.backward()',
      'print(f"val_bpb:          {val_bpb:.6f}")',
    ].join('\n'),
    'uv.lock': '',
  },
  nanochat: {
    'nanochat/gpt.py': '',
    'nanochat/optim.py': '',
    'scripts/base_train.py': '    print0(f"Minimum validation bpb: {min_val_bpb:.6f}")\n',
    'scripts/tok_train.py': '',
  },
  nanogpt: {
    'config/train_shakespeare_char.py': 'max_iters = 5000\n',
    'data/shakespeare_char/prepare.py': '',
    'model.py': '',
    'train.py': [
      "exec(open('configurator.py').read()) # overrides",
      `print(f"step {iter_num}: train loss {losses['train']:.4f}, val loss {losses['val']:.4f}")`,
    ].join('\n'),
  },
  'llm.c': {
    Makefile: 'train_gpt2: train_gpt2.c\n',
    'dev/download_starter_pack.sh': '',
    'train_gpt2.c': '            printf("val loss %f\\n", val_loss);\n',
  },
  'modded-nanogpt': {
    'data/cached_fineweb10B.py': '',
    'dc_triton_kernels.py': '',
    'run.sh': 'torchrun --standalone --nproc_per_node=8 train_gpt.py\n',
    'train_gpt.py':
      'print0(f"step:{step}/{train_steps} val_loss:{val_loss:.4f} train_time:{training_time_ms:.0f}ms", console=True)\n',
    'triton_kernels.py': '',
  },
  litgpt: {
    'config_hub/pretrain/debug.yaml': 'data: TinyStories\n',
    'litgpt/model.py': '',
    'litgpt/pretrain.py':
      'fabric.print(f"Final evaluation | val loss: {val_loss.item():.3f} | val ppl: {ppl:.3f}")\n',
    'pyproject.toml': '[project]\nname = "litgpt"\n',
  },
  'run-clm': {
    'examples/pytorch/language-modeling/run_clm.py': '        trainer.save_metrics("eval", metrics)\n',
    'setup.py': '    name="transformers",\n',
  },
}

/** Repositories that only a general rule fits. */
export const GENERAL = {
  script: {
    'README.md': '# Cats\n\n    python train.py --data cats --epochs 3\n',
    'cats/model.py': 'class Model: pass\n',
    'cats/data.py': 'def load(): pass\n',
    'prepare.py': '',
    'requirements.txt': 'torch\n',
    'train.py': [
      'import torch',
      'from cats.model import Model',
      'from cats.data import load',
      'for epoch in range(epochs):',
      '    loss.backward()',
      '    print(f"epoch {epoch} loss {loss:.4f}")',
      '    print(f"epoch {epoch}: val acc {acc:.4f}")',
    ].join('\n'),
  },
  lightning: {
    'pyproject.toml': '[project]\ndependencies = ["lightning"]\n',
    'train.py': [
      'import lightning as L',
      'class Cats(L.LightningModule):',
      '    def validation_step(self, batch, index):',
      '        self.log("val_loss", loss, prog_bar=True)',
      'trainer = L.Trainer(max_epochs=3)',
      'trainer.fit(model)',
      'trainer.validate(model)',
    ].join('\n'),
  },
  'hugging-face': {
    'finetune.py': [
      'from transformers import HfArgumentParser, Trainer, TrainingArguments',
      'parser = HfArgumentParser(TrainingArguments)',
      'trainer = Trainer(model=model, args=args)',
      'trainer.train()',
      'trainer.save_metrics("eval", trainer.evaluate())',
    ].join('\n'),
    'requirements.txt': 'transformers\n',
  },
  makefile: {
    Makefile: 'CC = gcc\n\ntrain: train.c net.h\n\t$(CC) -O3 -o train train.c\n',
    'net.h': '',
    'train.c': [
      'for (int step = 0; step < 100; step++) {',
      '  printf("step %d: train loss %f\\n", step, loss);',
      '}',
      'printf("val loss %f\\n", val_loss);',
    ].join('\n'),
  },
  'npm-train': {
    'package.json': '{\n  "scripts": {\n    "train": "node src/train.js"\n  }\n}\n',
    'package-lock.json': '{}',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the source of another program
    'src/train.js': 'console.log(`val_loss: ${loss.toFixed(4)}`)\n',
  },
  'cargo-train': {
    'Cargo.toml': '[package]\nname = "tiny"\n',
    'src/main.rs':
      'fn main() {\n    println!("step {} loss {:.4}", step, loss);\n    println!("val_loss: {:.6}", total);\n}\n',
  },
  'cargo-bench': {
    'Cargo.toml': '[package]\nname = "sorter"\n\n[dev-dependencies]\ncriterion = "0.5"\n',
    'benches/sorting.rs': 'c.bench_function("sort 500", |b| b.iter(|| sort()));\n',
    'src/lib.rs': 'pub fn sort() {}\n',
    'tests/sorting.rs': '#[test]\nfn sorts() {}\n',
  },
  'go-train': {
    'cmd/train/main.go': 'func main() {\n\tfmt.Printf("val_loss: %.6f\\n", total/1000)\n}\n',
    'go.mod': 'module example.com/tiny\n',
    'model/model.go': 'package model\n',
    'model/model_test.go': 'package model\n',
  },
  'go-bench': {
    'go.mod': 'module example.com/sorter\n',
    'sorter.go': 'package sorter\n',
    'sorter_test.go':
      'func TestSort(t *testing.T) {\n}\n\nfunc BenchmarkSort(b *testing.B) {\n\tfor b.Loop() {}\n}\n',
  },
  'npm-bundle': {
    'index.html': '',
    'package-lock.json': '{}',
    'package.json':
      '{\n  "scripts": {\n    "build": "vite build",\n    "test": "vitest run"\n  },\n  "devDependencies": {\n    "vite": "^7",\n    "vitest": "^4"\n  }\n}\n',
    'src/main.ts': 'export {}\n',
    'src/main.test.ts': 'test("works", () => {})\n',
    'vite.config.ts': '',
  },
} as const
