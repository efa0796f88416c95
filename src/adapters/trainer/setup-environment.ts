// The environment of setup, which may use the network: the job's settings for proxies, certificates and private registries,
// by name. What it contains never reaches training or evaluation.
import { accessSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { secretValues } from '../../core/text/redaction.ts'
import { LIBRARY_THREADS, pickVariables, rustupHome, THREADS, TRAINING } from './environment.ts'

/** Proxies, certificates, registries and the caches of package managers. `docs/configuration.md` lists them for users. */
const SETUP = [
  ...[
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'ALL_PROXY',
    'NO_PROXY',
    'http_proxy',
    'https_proxy',
    'all_proxy',
    'no_proxy',
  ],
  ...[
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
    'REQUESTS_CA_BUNDLE',
    'CURL_CA_BUNDLE',
    'NODE_EXTRA_CA_CERTS',
    'GIT_SSL_CAINFO',
  ],
  ...['HF_TOKEN', 'HF_ENDPOINT', 'HUGGING_FACE_HUB_TOKEN', 'HF_HUB_ENABLE_HF_TRANSFER', 'WANDB_BASE_URL'],
  ...[
    'NPM_TOKEN',
    'NODE_AUTH_TOKEN',
    'YARN_NPM_AUTH_TOKEN',
    'CONDA_TOKEN',
    'NETRC',
    'KAGGLE_USERNAME',
    'KAGGLE_KEY',
  ],
  ...[
    'POETRY_CACHE_DIR',
    'CARGO_HOME',
    'RUSTUP_HOME',
    'GOPROXY',
    'GOPRIVATE',
    'GOFLAGS',
    'PIPENV_PYPI_MIRROR',
  ],
]
/** Package managers read every setting from a variable with their prefix. npm also accepts upper case. */
const SETUP_PREFIXES = /^(UV|PIP|npm_config|NPM_CONFIG|POETRY_HTTP_BASIC|CONDA|MAMBA|CARGO_REGISTRIES|YARN)_/
/** Settings of the job's own commands, which would install somewhere else, or refuse to. */
const NOT_FOR_SETUP =
  /^(UV_PROJECT_ENVIRONMENT|UV_NO_SYNC|PIP_TARGET|PIP_PREFIX|npm_config_(user_agent|prefix|local_prefix|global_prefix|noproxy|node_gyp|init_module|globalconfig))$/

/** What setup reads from the runner's home, mostly registries and their passwords, by the variable that names it. */
const FILES: readonly (readonly [variable: string, file: string])[] = [
  ['NETRC', '.netrc'],
  ['PIP_CONFIG_FILE', '.config/pip/pip.conf'],
  ['PIP_CONFIG_FILE', '.pip/pip.conf'],
  ['UV_CONFIG_FILE', '.config/uv/uv.toml'],
  ['npm_config_userconfig', '.npmrc'],
  ['CONDARC', '.condarc'],
  ['GIT_CONFIG_GLOBAL', '.gitconfig'],
  ['HF_TOKEN_PATH', '.cache/huggingface/token'],
  // Not secret: installations that are shared by everything on the machine.
  ['UV_PYTHON_INSTALL_DIR', '.local/share/uv/python'],
  ['CARGO_HOME', '.cargo'],
  // Downloads, which would otherwise be repeated for each version of the baseline's fixed files.
  ['npm_config_cache', '.npm'],
  ['PIP_CACHE_DIR', '.cache/pip'],
]

/**
 * @param all environment of the job
 * @param names further variables that the configuration gives to setup
 */
export function setupEnvironment(
  all: NodeJS.ProcessEnv,
  names: readonly string[] = [],
): Record<string, string> {
  const prefixed = Object.keys(all).filter((name) => SETUP_PREFIXES.test(name) && !NOT_FOR_SETUP.test(name))
  const picked = pickVariables(all, [
    ...TRAINING,
    THREADS,
    ...LIBRARY_THREADS,
    ...SETUP,
    ...prefixed,
    ...names,
  ])
  return { ...filesInHome(), ...rustupHome(all), ...picked }
}

/** Setup has a home of its own, so that what it leaves there can be shown to trials. It reads these files where they are. */
function filesInHome(): Record<string, string> {
  const found = FILES.flatMap(([variable, file]) => {
    const path = join(homedir(), file)
    return isReadable(path) ? [[variable, path] as const] : []
  })
  return Object.fromEntries(found.toReversed())
}

/** The passwords and tokens in setup's environment. Nothing that setup leaves for trials may contain one. */
export function setupSecrets(
  environment: Readonly<Record<string, string>>,
  names: readonly string[],
): string[] {
  const named = pickVariables(environment, names)
  const inUrls = Object.values(environment).flatMap((value) =>
    [...value.matchAll(/:\/\/([^\s/@:]*):?([^\s/@]*)@/g)].flatMap(([, user = '', password = '']) => [
      password === '' ? user : password,
    ]),
  )
  return [...secretValues(environment), ...Object.values(named), ...inUrls].filter(
    (value) => value.length >= 8,
  )
}

function isReadable(path: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}
