// The way out of a network that only a proxy leaves: Node's own `fetch`, which calls GitHub and models, is told about the
// proxy in the environment. git reads the same variables by itself.
import { ConfigError } from '../errors.ts'

/** Never behind a proxy, as for Go and the toolkit of GitHub Actions: models often run on the same machine. */
const THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]']

/**
 * Sends every later `fetch` through `HTTP_PROXY` or `HTTPS_PROXY`, except to hosts in `NO_PROXY`. The same names in small
 * letters take precedence.
 *
 * @returns a warning for people when this Node cannot do it
 * @throws ConfigError when the proxy is no HTTP proxy
 */
export function useProxy(environment: NodeJS.ProcessEnv): string | undefined {
  const named = (name: string) => (environment[name.toLowerCase()] || environment[name])?.trim()
  const [httpProxy, httpsProxy] = [named('HTTP_PROXY'), named('HTTPS_PROXY')].map(withScheme)
  const exempt = named('NO_PROXY') ?? ''
  if ((!httpProxy && !httpsProxy) || exempt === '*') return undefined
  // An import of this module, even of one name, would load all of undici: 70 ms more for every job to start.
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
    // Without the value: a proxy's URL may hold a password.
    throw new ConfigError('HTTP_PROXY or HTTPS_PROXY in the environment is not the URL of an HTTP proxy', {
      hint: 'Write it as http://proxy.example:8080, or remove it from the environment of the job.',
      cause,
    })
  }
  return undefined
}

function withScheme(proxy: string | undefined): string | undefined {
  return proxy && !proxy.includes('://') ? `http://${proxy}` : proxy
}

/** A host stands for those below it, as for curl and so for git; Node takes it for itself alone. */
function withSubdomains(exempt: string): string[] {
  const hosts = exempt.split(/[\s,]+/).filter((host) => host !== '')
  return hosts.flatMap((host) => (/^[a-z]/i.test(host) ? [host, `.${host}`] : [host]))
}

const TOO_OLD =
  `A proxy is set in the environment, but Node ${process.versions.node} can be told about it only at its start. ` +
  'Update the runner, or set NODE_USE_ENV_PROXY to 1 under `env:` in the workflow.'
