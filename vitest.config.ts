import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const PURE = ['test/core/**/*.test.ts', 'test/session/**/*.test.ts', 'test/commands/**/*.test.ts']
/** Whole jobs and nights, as GitHub's runner starts them, attacks on them, and whole programs, as people start them. */
const JOBS = [
  ...['dist', 'templates', 'first-contact', 'cheaters'].map((folder) => `test/${folder}/**/*.test.ts`),
  'test/docs/first-night.test.ts',
  ...['outbound-proxy', 'real-agent', 'sandbox-caps', 'sandbox-memory', 'sandbox-removed'].map(
    (name) => `test/adapters/${name}.test.ts`,
  ),
  'test/bench/programs.test.ts',
  'test/release/release.test.ts',
  'test/scripts/scripts.test.ts',
]
/** On a machine with an NVIDIA device; elsewhere every test of it is skipped. */
const GPU = ['test/gpu/**/*.test.ts']
/** Coding agents that are installed for it; each is a program of a hundred megabytes. */
const AGENTS = ['test/agents/**/*.test.ts']
/** The templates in a real runner; its programs are installed for it. */
const RUNNER = ['test/real-runner/**/*.test.ts']
const PYTORCH = ['test/examples/nanogpt.test.ts', 'test/cheaters/nanogpt.test.ts', 'test/python/**/*.test.ts']

/** A new clone would start the largest files first. Those of the sandbox are small, and wait the longest. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const waits = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/sandbox-')
    const sorted = await super.sort(files)
    return [...sorted.filter(waits), ...sorted.filter((file) => !waits(file))]
  }
}

export default defineConfig({
  test: {
    // For a test that hangs: none takes a tenth of this where it has the machine for itself.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
    // Most tests wait for processes and for the pauses between writes to GitHub: more of them than there are processors.
    maxWorkers: 6,
    // A fresh copy of every module in every file takes a quarter of the time. So a module that tests share registers no
    // hooks, which would be those of the first file alone, and keeps nothing from one test to the next.
    isolate: false,
    // Node reads TypeScript itself, as it does everywhere else in this repository.
    experimental: { viteModuleRunner: false },
    env: { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
    sequence: { sequencer: LongestFirst },
    // Projects with different numbers of workers cannot run side by side: `vitest run` runs one group after the other.
    projects: [
      {
        extends: true,
        // A test that asserts nothing fails. Where tests run concurrently, vitest cannot tell whose assertion it was.
        test: {
          name: 'pure',
          include: PURE,
          // They wait for nothing.
          maxWorkers: availableParallelism(),
          expect: { requireAssertions: true },
        },
      },
      {
        extends: true,
        test: {
          name: 'world',
          sequence: { groupOrder: 1 },
          include: ['test/**/*.test.ts'],
          exclude: [...PURE, ...JOBS, ...PYTORCH, ...GPU, ...AGENTS, ...RUNNER],
          // Starting a process copies the page tables of this one: a small heap halves that, and these tests start thousands.
          execArgv: ['--max-semi-space-size=1'],
        },
      },
      {
        extends: true,
        test: { name: 'jobs', include: JOBS, exclude: PYTORCH, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: { name: 'pytorch', include: PYTORCH, maxWorkers: 2, sequence: { groupOrder: 2 } },
      },
      {
        extends: true,
        test: { name: 'agents', include: AGENTS, maxWorkers: 1, sequence: { groupOrder: 4 } },
      },
      {
        extends: true,
        test: { name: 'runner', include: RUNNER, maxWorkers: 1, sequence: { groupOrder: 5 } },
      },
      {
        extends: true,
        test: { name: 'gpu', include: GPU, fileParallelism: false, sequence: { groupOrder: 3 } },
      },
    ],
  },
})
