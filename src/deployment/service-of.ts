import { memoByKey } from '../../parsers/collections/memo.ts'
import { readUnit } from '../../parsers/systemd/read-unit.ts'
import { readServiceUnit, type ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import { type FileSystem, sourceAt } from '../files/file-system.ts'
import type { ApacheProgram, Program } from './model.ts'

/** The unit of systemd that starts a program; null where none of the audit does. */
export function serviceOf(program: Program): ServiceUnit | null {
  if (program.machine.container !== null) return null
  if (program.kind === 'app-server') return program.service
  if (program.kind === 'nginx') return namedService(program.machine.files, 'nginx.service')
  if (program.kind === 'apache') return serviceOfApache(program)
  if (program.kind !== 'php-fpm') return null
  // Debian has a unit of each version, others one.
  const version = /^\/etc\/php\/([\d.]+)\/fpm\//.exec(program.pool.headers[0]?.source.path ?? '')?.[1] ?? ''
  return namedService(program.machine.files, version === '' ? 'php-fpm.service' : `php${version}-fpm.service`)
}

/** Debian and SUSE call it by one name, all others by the other. */
function serviceOfApache({ configuration: { main }, machine: { files } }: ApacheProgram): ServiceUnit | null {
  const names = ['apache2.service', 'httpd.service']
  const home = /^\/etc\/(apache2|httpd)\//.exec(main?.path ?? '')?.[1]
  const own = home === undefined ? names : [`${home}.service`]
  return own.map(name => namedService(files, name)).find(service => service !== null) ?? null
}

/** A unit of a machine with its drop-ins, by its name; null where none of it is in the audit. */
export const namedService = memoByKey((files: FileSystem, name: string): ServiceUnit | null => {
  const read = (path: string) => sourceAt(files, path)
  const list = (path: string) => files.list(path)?.map(({ name }) => name) ?? null
  const unit = readUnit({ read, list }, name)
  return unit.sources.length === 0 ? null : readServiceUnit(unit)
})
