// Where the name of an allowed host must not lead.
import type { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Where no model is, and where machines keep their credentials: a name must not lead there. */
const FORBIDDEN = new BlockList()
FORBIDDEN.addSubnet('127.0.0.0', 8)
FORBIDDEN.addSubnet('0.0.0.0', 8)
FORBIDDEN.addSubnet('169.254.0.0', 16)
FORBIDDEN.addAddress('100.100.100.200')
FORBIDDEN.addSubnet('::', 127, 'ipv6')
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6')
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6')

/** Looks a name up and refuses where it must not lead. An address is not looked up: it was allowed as it is written. */
export function vetted(resolve: typeof lookup): LookupFunction {
  return (name, options, callback) => {
    resolve(name, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      const isForbidden = addresses?.some(({ address }) => mustNotLeadTo(name, address))
      if (error || !first || isForbidden)
        return callback(error ?? new Error(`${name} leads to an address that is not allowed`), '')
      if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

function mustNotLeadTo(name: string, address: string): boolean {
  if (name === 'localhost') return false
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return FORBIDDEN.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
}
