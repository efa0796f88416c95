// A repository whose training takes no time, with more constants to search than a long job can try.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const CONSTANTS = 60

/** Writes the files, with the default of every setting that has one. */
export async function writeRepository(directory: string, candidates: number, sandbox: string): Promise<void> {
  await mkdir(join(directory, '.github'), { recursive: true })
  const config = [
    'editable: [train.mjs]',
    'train: node train.mjs',
    'budget: 5s',
    "metric: { name: val_loss, direction: minimize, pattern: '^val_loss: (\\S+)' }",
    "progress: { pattern: 'step (?<step>\\d+)\\s+loss (?<value>\\S+)' }",
    `limits: { candidates: ${candidates} }`,
    `sandbox: ${sandbox}`,
  ]
  await writeFile(join(directory, '.github/autoresearch.yml'), `${config.join('\n')}\n`)
  const names = Array.from({ length: CONSTANTS }, (_, index) => `SCALE_${index + 1}`)
  const train = [
    ...names.map((name, index) => `const ${name} = ${(0.1 * (index + 1)).toFixed(1)}`),
    `const scales = [${names.join(', ')}]`,
    'const seed = Number(process.env.AUTORESEARCH_SEED)',
    'const noise = ((Math.sin(seed) * 10000) % 1) * 0.01',
    'for (let step = 1; step <= 20; step += 1) console.log("step", step, " loss", (4 / step).toFixed(4))',
    'const away = scales.map((scale, index) => Math.log2(scale / (1 + (index % 7))) ** 2)',
    'const loss = 1 + 0.05 * away.reduce((sum, one) => sum + one, 0) + noise',
    'console.log("val_loss: " + loss.toFixed(6))',
  ]
  await writeFile(join(directory, 'train.mjs'), `${train.join('\n')}\n`)
}
