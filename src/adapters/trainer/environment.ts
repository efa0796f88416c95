// Selects the environment variables that a command may see: enough to find its interpreter and accelerator, but no token,
// no key and no file of the runner.
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const TRAINING = [
  'PATH',
  'LANG',
  'LC_ALL',
  'TZ',
  'LD_LIBRARY_PATH',
  'VIRTUAL_ENV',
  'CONDA_PREFIX',
  'CUDA_HOME',
  'CUDA_VISIBLE_DEVICES',
  'CUDA_DEVICE_ORDER',
  'NVIDIA_VISIBLE_DEVICES',
  'HIP_VISIBLE_DEVICES',
  'ROCR_VISIBLE_DEVICES',
]

/**
 * Where the compiler of Rust is. The `cargo` and `rustc` that rustup puts on PATH only look it up, in the home of the user, and a
 * trial has a home of its own.
 */
export function rustupHome({
  RUSTUP_HOME = join(homedir(), '.rustup'),
}: NodeJS.ProcessEnv): Record<string, string> {
  return existsSync(join(RUSTUP_HOME, 'toolchains')) ? { RUSTUP_HOME } : {}
}

/** A coding agent gets only what it needs to find programs, and no accelerator. */
const AGENT = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH', 'VIRTUAL_ENV', 'CONDA_PREFIX']

/** The thread count of numerical libraries. Always set, because results with different thread counts are not comparable. */
export const THREADS = 'OMP_NUM_THREADS'
/**
 * Thread counts of single libraries, passed on when the job sets them. They have no default: without one the libraries
 * follow OMP_NUM_THREADS, also when the training command or the script sets it. python/sitecustomize.py sees to Accelerate.
 */
export const LIBRARY_THREADS = [
  'OPENBLAS_NUM_THREADS',
  'MKL_NUM_THREADS',
  'BLIS_NUM_THREADS',
  'NUMEXPR_NUM_THREADS',
  'VECLIB_MAXIMUM_THREADS',
]

/** Lines must arrive as they are printed: the curve is followed, and a killed run has the end of its output. */
const UNBUFFERED = { PYTHONUNBUFFERED: '1' }

/** Number of compiler processes that each training process starts for `torch.compile`; PyTorch's default is up to 32. */
const COMPILERS = 'TORCHINDUCTOR_COMPILE_THREADS'
/** When each process trains on its own device, more threads than this do not make it faster. */
const MAX_THREADS_PER_DEVICE = 16

/**
 * The environment of training. Unless the job's environment sets a thread count, it is the number of cores that the job may
 * use; with devices, it is each device's share of the cores, because a script starts one process per device.
 *
 * @param all environment of the job
 * @param devices number of devices the trial may use
 */
export function trainingEnvironment(
  all: NodeJS.ProcessEnv,
  cores: number,
  devices = 0,
): Record<string, string> {
  const share = Math.min(MAX_THREADS_PER_DEVICE, Math.max(1, Math.floor(cores / Math.max(1, devices))))
  const count = devices === 0 ? cores : share
  const names = devices === 0 ? [THREADS] : [THREADS, COMPILERS]
  const threads = Object.fromEntries(names.map((name) => [name, all[name] ?? String(count)]))
  const libraries = pickVariables(all, LIBRARY_THREADS)
  return {
    ...pickVariables(all, TRAINING),
    ...rustupHome(all),
    ...threads,
    ...libraries,
    ...UNBUFFERED,
    ...uvEnvironment(all.VIRTUAL_ENV),
  }
}

/**
 * Makes `uv run` use an existing virtual environment without changes. By default it ignores the activated environment and
 * creates one in the source folder, but a trial cannot download packages.
 */
export function uvEnvironment(venv: string | undefined): Record<string, string> {
  return venv === undefined ? {} : { UV_PROJECT_ENVIRONMENT: venv, UV_NO_SYNC: '1' }
}

/** A trial has no network: libraries must use what setup downloaded, and record runs locally, instead of waiting for a host. */
export const OFFLINE: Readonly<Record<string, string>> = {
  HF_HUB_OFFLINE: '1',
  HF_DATASETS_OFFLINE: '1',
  TRANSFORMERS_OFFLINE: '1',
  WANDB_MODE: 'offline',
  UV_OFFLINE: '1',
}

export function agentEnvironment(all: NodeJS.ProcessEnv): Record<string, string> {
  return { ...pickVariables(all, AGENT), ...rustupHome(all) }
}

export function pickVariables(all: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])))
}
