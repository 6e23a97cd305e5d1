import { memo } from '../../parsers/collections/memo.ts'
import { parseUnit } from '../../parsers/systemd/parse-unit.ts'
import { readUnit, type Unit, type UnitFiles } from '../../parsers/systemd/read-unit.ts'
import { readServiceUnit, type ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import { unitName } from '../../parsers/systemd/unit-name.ts'
import { isWrittenOut, type Source } from '../../parsers/text/source.ts'
import type { Deployment, LooseFiles } from '../../src/deployment/model.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/**
 * The services of a deployment whose units its owner wrote, whatever they start and wherever they are installed: how
 * systemd reads a line hangs on none of it.
 */
export function siteServices({ machines }: Pick<Deployment, 'machines'>): readonly ServiceUnit[] {
  return machines.flatMap(({ files, container, loose }) => [
    ...(container === null ? servicesIn(files) : []),
    ...(loose === null ? [] : servicesAmong(loose)),
  ])
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
    .filter(({ sources }) => sources.every(isWrittenOut))
    .map(readServiceUnit)
})

const servicesAmong = memo(({ starters, files }: LooseFiles): readonly ServiceUnit[] =>
  starters.services.flatMap(({ name, path }) => {
    const source = sourceAt(files, path)
    return source === null || !isWrittenOut(source) ? [] : [readServiceUnit(unitOf(name, source))]
  }),
)

function unitOf(name: string, source: Source): Unit {
  return { name: unitName(name), main: source, sources: [source], settings: parseUnit(source) }
}
