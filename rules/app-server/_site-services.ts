import { memo } from '../../parsers/collections/memo.ts'
import { readUnit, type UnitFiles } from '../../parsers/systemd/read-unit.ts'
import { readServiceUnit, type ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** The services of a deployment whose units its owner wrote, whatever they start: how systemd reads a line hangs on none of it. */
export function siteServices({ machines }: Pick<Deployment, 'machines'>): readonly ServiceUnit[] {
  return machines.flatMap(({ files, container }) => (container === null ? servicesIn(files) : []))
}

/** Where the units of packages are not. */
const OF_SITE = '/etc/systemd/system'

const servicesIn = memo((files: FileSystem): readonly ServiceUnit[] => {
  const unitFiles: UnitFiles = {
    read: path => sourceAt(files, path),
    list: directory => files.list(directory)?.map(({ name }) => name) ?? null,
  }
  return (unitFiles.list(OF_SITE) ?? [])
    .filter(name => name.endsWith('.service'))
    .map(name => readUnit(unitFiles, name))
    .filter(({ sources }) => sources.every(isWhole))
    .map(readServiceUnit)
})

/** Of a template with branches nobody knows which lines are there. */
function isWhole({ branches, gaps }: NonNullable<ReturnType<UnitFiles['read']>>): boolean {
  return branches.length + gaps.length === 0
}
