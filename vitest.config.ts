import { defineConfig } from 'vitest/config'

const PURE = ['test/core/**/*.test.ts', 'test/session/**/*.test.ts', 'test/commands/**/*.test.ts']
/** Whole jobs and nights, as GitHub's runner starts them, attacks on them, and whole programs, as people start them. */
const JOBS = [
  ...['dist', 'templates', 'first-contact', 'cheaters'].map((folder) => `test/${folder}/**/*.test.ts`),
  'test/docs/first-night.test.ts',
  'test/adapters/sandbox-removed.test.ts',
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

export default defineConfig({
  test: {
    // For a test that hangs: none takes a tenth of this where it has the machine for itself.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Most tests wait for processes and for the pauses between writes to GitHub: more of them than there are processors.
    maxWorkers: 5,
    // A fresh copy of every module in every file takes a quarter of the time. So a module that tests share registers no
    // hooks, which would be those of the first file alone, and keeps nothing from one test to the next.
    isolate: false,
    env: { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
    projects: [
      {
        extends: true,
        // A test that asserts nothing fails. Where tests run concurrently, vitest cannot tell whose assertion it was.
        test: { name: 'pure', include: PURE, pool: 'threads', expect: { requireAssertions: true } },
      },
      {
        extends: true,
        test: {
          name: 'world',
          include: ['test/**/*.test.ts'],
          exclude: [...PURE, ...JOBS, ...PYTORCH, ...GPU, ...AGENTS, ...RUNNER],
          // Starting a process copies the page tables of this one: a small heap halves that, and these tests start thousands.
          execArgv: ['--max-semi-space-size=1'],
        },
      },
      {
        extends: true,
        test: { name: 'jobs', include: JOBS, exclude: PYTORCH },
      },
      // Projects with different numbers of workers cannot run side by side: `vitest run` runs these after the others.
      {
        extends: true,
        test: { name: 'pytorch', include: PYTORCH, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: { name: 'agents', include: AGENTS, maxWorkers: 1, sequence: { groupOrder: 3 } },
      },
      {
        extends: true,
        test: { name: 'runner', include: RUNNER, maxWorkers: 1, sequence: { groupOrder: 4 } },
      },
      {
        extends: true,
        test: { name: 'gpu', include: GPU, fileParallelism: false, sequence: { groupOrder: 2 } },
      },
    ],
  },
})
