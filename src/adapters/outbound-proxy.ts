// Makes Node's own `fetch`, which calls GitHub and models, use the proxy that the environment names. git reads the same
// variables itself.
import { ConfigError } from '../errors.ts'

/** Hosts that never use the proxy, as in Go and the GitHub Actions toolkit: models often run on the same machine. */
const THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]']

/**
 * Sends every later `fetch` through `HTTP_PROXY` or `HTTPS_PROXY`, except to hosts in `NO_PROXY`. The lower-case names take
 * precedence.
 *
 * @returns a warning when this version of Node does not support it
 * @throws ConfigError when the value is not the URL of an HTTP proxy
 */
export function useProxy(environment: NodeJS.ProcessEnv): string | undefined {
  const named = (name: string) => (environment[name.toLowerCase()] || environment[name])?.trim()
  const [httpProxy, httpsProxy] = [named('HTTP_PROXY'), named('HTTPS_PROXY')].map(withScheme)
  const exempt = named('NO_PROXY') ?? ''
  if ((!httpProxy && !httpsProxy) || exempt === '*') return undefined
  // Importing this module, even for one name, loads all of undici, which adds 70 ms to the start of every job.
  const http = process.getBuiltinModule('node:http')
  if (typeof http.setGlobalProxyFromEnv !== 'function')
    return environment.NODE_USE_ENV_PROXY === '1' ? undefined : TOO_OLD
  try {
    http.setGlobalProxyFromEnv({
      ...(httpProxy && { http_proxy: httpProxy }),
      ...(httpsProxy && { https_proxy: httpsProxy }),
      no_proxy: [...withSubdomains(exempt), ...THIS_MACHINE].join(','),
    })
  } catch (cause) {
    // The message omits the value, because a proxy's URL may contain a password.
    throw new ConfigError('HTTP_PROXY or HTTPS_PROXY in the environment is not the URL of an HTTP proxy', {
      hint: "Write it as http://proxy.example:8080, or remove it from the job's environment.",
      cause,
    })
  }
  return undefined
}

function withScheme(proxy: string | undefined): string | undefined {
  return proxy && !proxy.includes('://') ? `http://${proxy}` : proxy
}

/** For curl, and so for git, a host includes its subdomains. Node matches the host alone, so the subdomains are added. */
function withSubdomains(exempt: string): string[] {
  const hosts = exempt.split(/[\s,]+/).filter((host) => host !== '')
  return hosts.flatMap((host) => (/^[a-z]/i.test(host) ? [host, `.${host}`] : [host]))
}

const TOO_OLD =
  `The environment sets a proxy, but Node ${process.versions.node} can enable it only when it starts. ` +
  'Update the runner, or set NODE_USE_ENV_PROXY to 1 under `env:` in the workflow.'
