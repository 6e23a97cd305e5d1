import type { PostgresProgram } from '../../src/deployment/model.ts'
import { posix } from 'node:path'
import { isHbaOfThisMachine } from '../../src/servers/addresses/postgres.ts'

/**
 * Whether pg_hba.conf lets a client of another machine in at all; undefined where the file is not in the
 * audit, or includes what is not read here.
 */
export function admitsOtherMachines(server: PostgresProgram): boolean | undefined {
  const { files } = server.machine
  const named = server.setting('hba_file')
  if (named !== null && !named.known) return undefined
  const path = named?.value ?? posix.join(posix.dirname(server.path), 'pg_hba.conf')
  const read = files.kind(path) === 'file' ? files.read(path) : null
  if (read?.kind !== 'source') return undefined
  let isOpen = false
  for (const line of read.source.code.split('\n')) {
    const [type = '', , , address = '', next = ''] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (/^(?:include|@)/.test(type)) return undefined
    if (!type.startsWith('host') || /\sreject\b/.test(line)) continue
    if (!isHbaOfThisMachine(address, next)) isOpen = true
  }
  return isOpen
}
