import { memo } from '../../parsers/collections/memo.ts'
import { readUnit } from '../../parsers/systemd/read-unit.ts'
import { readServiceUnit, type ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import { type FileSystem, sourceAt } from '../files/file-system.ts'
import type { Program } from './model.ts'

/** The unit of systemd that starts a program; null where none of the audit does. */
export function serviceOf(program: Program): ServiceUnit | null {
  if (program.machine.container !== null) return null
  if (program.kind === 'app-server') return program.service
  if (program.kind === 'nginx') return nginxService(program.machine.files)
  return null
}

const nginxService = memo((files: FileSystem): ServiceUnit | null => {
  const read = (path: string) => sourceAt(files, path)
  const list = (path: string) => files.list(path)?.map(({ name }) => name) ?? null
  const unit = readUnit({ read, list }, 'nginx.service')
  return unit.sources.length === 0 ? null : readServiceUnit(unit)
})
