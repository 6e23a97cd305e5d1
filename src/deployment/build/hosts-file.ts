import type { FileSystem } from '../../files/file-system.ts'
import { type Address, parseHost } from '../../servers/address.ts'
import type { HostsFile } from '../model.ts'

/**
 * Reads `/etc/hosts` of the audited root, which the resolver asks before any name server. Null where the
 * root has none: then nobody here knows what a name leads to.
 */
export function readHostsFile(files: FileSystem): HostsFile | null {
  const read = files.read('/etc/hosts')
  if (read.kind !== 'source') return null
  const hosts = new Map<string, Address[]>()
  for (const line of read.source.code.split('\n')) {
    const [written, ...names] = line.split('#', 1)[0]?.trim().split(/\s+/) ?? []
    if (written === undefined || written === '') continue
    const address = parseHost(written)
    if (address.kind !== 'ip') continue
    for (const name of names) {
      const key = name.toLowerCase()
      const addresses = hosts.get(key)
      if (addresses === undefined) hosts.set(key, [address])
      else addresses.push(address)
    }
  }
  return hosts
}
