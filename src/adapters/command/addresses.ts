// Addresses that the name of an allowed host must not resolve to.
import type { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Loopback, link-local and metadata addresses: no model is there, but cloud machines serve credentials from them. */
const FORBIDDEN = new BlockList()
FORBIDDEN.addSubnet('127.0.0.0', 8)
FORBIDDEN.addSubnet('0.0.0.0', 8)
FORBIDDEN.addSubnet('169.254.0.0', 16)
FORBIDDEN.addAddress('100.100.100.200')
FORBIDDEN.addSubnet('::', 127, 'ipv6')
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6')
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6')

/** Resolves a name and refuses forbidden addresses. An address in `hosts` is not resolved: it is allowed as written. */
export function vetted(resolve: typeof lookup): LookupFunction {
  return (name, options, callback) => {
    resolve(name, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      const isForbidden = addresses?.some(({ address }) => mustNotResolveTo(name, address))
      if (error || !first || isForbidden)
        return callback(error ?? new Error(`${name} resolves to an address that is not allowed`), '')
      if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

function mustNotResolveTo(name: string, address: string): boolean {
  if (name === 'localhost') return false
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return FORBIDDEN.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
}
