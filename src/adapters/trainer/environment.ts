// Which variables of our own environment a command may see: enough to find its interpreter and its accelerator, and
// never a token, a key or a runner's file.

const TRAINING = [
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

/** Setup downloads packages and data sets, so it also sees how this machine reaches the network. */
const SETUP = [
  ...TRAINING,
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'npm_config_cache',
  'PIP_CACHE_DIR',
  'UV_CACHE_DIR',
  'HF_HOME',
]

/** A coding agent is a program of its own: it gets what finds programs, and no accelerator. */
const AGENT = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH', 'VIRTUAL_ENV', 'CONDA_PREFIX']

/** How many threads numerical libraries start: part of what makes two numbers comparable, so never left to them. */
const THREADS = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'NUMEXPR_NUM_THREADS']

/** Processes in which each process of `torch.compile` compiles: 32 where nothing says otherwise. */
const COMPILERS = 'TORCHINDUCTOR_COMPILE_THREADS'
/** With a device for each process, more threads only wait for each other. */
const MAX_THREADS_PER_DEVICE = 16

/**
 * Where the machine's own environment sets no number of threads, there are as many as cores; with devices, as many as
 * each device's share of the cores, because a script starts a process for each device.
 *
 * @param devices that the trial is given
 */
export function trainingEnvironment(
  all: NodeJS.ProcessEnv,
  cores: number,
  devices = 0,
): Record<string, string> {
  const share = Math.min(MAX_THREADS_PER_DEVICE, Math.max(1, Math.floor(cores / Math.max(1, devices))))
  const count = devices === 0 ? cores : share
  const names = devices === 0 ? THREADS : [...THREADS, COMPILERS]
  const threads = Object.fromEntries(names.map((name) => [name, all[name] ?? String(count)]))
  return { ...pick(all, TRAINING), ...threads, ...uvEnvironment(all.VIRTUAL_ENV) }
}

/**
 * Lets `uv run` use a virtual environment as it is. Left alone it ignores the activated one, and makes one of its own in
 * the source: a trial can neither write there nor download.
 */
export function uvEnvironment(venv: string | undefined): Record<string, string> {
  return venv === undefined ? {} : { UV_PROJECT_ENVIRONMENT: venv, UV_NO_SYNC: '1' }
}

export function setupEnvironment(all: NodeJS.ProcessEnv): Record<string, string> {
  return pick(all, [...SETUP, ...THREADS])
}

export function agentEnvironment(all: NodeJS.ProcessEnv): Record<string, string> {
  return pick(all, AGENT)
}

function pick(all: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])))
}
