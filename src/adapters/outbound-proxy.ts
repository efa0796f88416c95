// The proxy that the environment names: Node's own `fetch`, which calls GitHub and models, and the agents' way out use it. git
// reads the same variables itself.
import { type Destination, destinationText } from '../core/config/hosts.ts'
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
  const { http_proxy, https_proxy, exempt } = proxySettings(environment)
  if ((!http_proxy && !https_proxy) || exempt.includes('*')) return undefined
  // Importing this module, even for one name, loads all of undici, which adds 70 ms to the start of every job.
  const http = process.getBuiltinModule('node:http')
  if (typeof http.setGlobalProxyFromEnv !== 'function')
    return environment.NODE_USE_ENV_PROXY === '1' ? undefined : TOO_OLD
  http.setGlobalProxyFromEnv({
    ...(http_proxy && { http_proxy }),
    ...(https_proxy && { https_proxy }),
    no_proxy: [...exempt, ...THIS_MACHINE].flatMap(withSubdomains).join(','),
  })
  return undefined
}

/**
 * @returns a function that says through which proxy the environment wants a destination to be reached; undefined for a
 *   direct connection
 * @throws ConfigError when a value is not the URL of an HTTP proxy
 */
export function proxyChoice(
  environment: NodeJS.ProcessEnv,
): (destination: Destination, protocol: 'http' | 'https') => URL | undefined {
  const { exempt, ...proxies } = proxySettings(environment)
  return (destination, protocol) => {
    const proxy = proxies[`${protocol}_proxy`]
    const isDirect = [...exempt, ...THIS_MACHINE].some((entry) => isExempt(destination, entry))
    return proxy && !isDirect ? new URL(proxy) : undefined
  }
}

function isExempt(destination: Destination, entry: string): boolean {
  const host = destination.host.includes(':') ? `[${destination.host}]` : destination.host
  const name = entry.toLowerCase().replace(/^\*?\./, '')
  return (
    name === '*' ||
    [host, destinationText(destination)].some((one) => one === name || one.endsWith(`.${name}`))
  )
}

function proxySettings(environment: NodeJS.ProcessEnv) {
  const named = (name: string) => (environment[name] || environment[name.toUpperCase()])?.trim()
  const exempt = (named('no_proxy') ?? '').split(/[\s,]+/).filter((host) => host !== '')
  return { http_proxy: toUrl(named('http_proxy')), https_proxy: toUrl(named('https_proxy')), exempt }
}

function toUrl(written: string | undefined): string | undefined {
  if (!written) return undefined
  const url = written.includes('://') ? written : `http://${written}`
  if (/^https?:/i.test(url) && URL.canParse(url)) return url
  // The message omits the value, because a proxy's URL may contain a password.
  throw new ConfigError('HTTP_PROXY or HTTPS_PROXY in the environment is not the URL of an HTTP proxy', {
    hint: "Write it as http://proxy.example:8080, or remove it from the job's environment.",
  })
}

/** For curl, and so for git, a host includes its subdomains. Node matches the host alone, so the subdomains are added. */
function withSubdomains(host: string): string[] {
  return /^[a-z]/i.test(host) ? [host, `.${host}`] : [host]
}

const TOO_OLD =
  `The environment sets a proxy, but Node ${process.versions.node} can enable it only when it starts. ` +
  'Update the runner, or set NODE_USE_ENV_PROXY to 1 under `env:` in the workflow.'
