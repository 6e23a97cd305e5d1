import { memo } from '../../parsers/collections/memo.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { type Fact, known, unknown } from '../../src/servers/fact.ts'
import type { Application, Deployment } from '../../src/deployment/model.ts'

const ZONE_FILES = '/usr/share/zoneinfo/'
const ENVIRONMENT_FILES = ['/etc/apache2/envvars', '/etc/default/apache2', '/etc/sysconfig/httpd']
/** What Django takes where the settings say nothing. */
const DJANGO_DEFAULT = 'America/Chicago'

/** The zone that programs of the machine start in, by name; unknown where its files are not in the audit. */
export const systemTimeZone = memo((files: FileSystem): Fact<string> => {
  for (const path of ENVIRONMENT_FILES) {
    const read = files.read(path)
    if (read.kind === 'source' && read.source.code.includes('TZ='))
      return unknown('the environment of Apache sets another')
  }
  const name = files.read('/etc/timezone')
  if (name.kind === 'source') {
    const zone = name.source.code.trim()
    return zone === '' ? unknown('the file names no zone') : known(zone)
  }
  const link = files.realPath('/etc/localtime')
  return link?.startsWith(ZONE_FILES) === true
    ? known(link.slice(ZONE_FILES.length))
    : unknown('the zone of the machine is not in the audit')
})

/**
 * The zone in which Django puts the whole process when it reads the settings of an application; null where
 * it leaves the process alone.
 */
export function applicationTimeZone(deployment: Deployment, application: Application): Fact<string | null> {
  const python = deployment.pythonOf(application)
  const module = python?.script.settingsModule
  const settings = python?.settings
  if (settings == null || module == null) return unknown('the settings are not in the audit')
  const zone = settings.get('TIME_ZONE')
  if (zone === null) return known(DJANGO_DEFAULT, module.at)
  if (!zone.known) return unknown(zone.reason, zone.at)
  if (zone.value === null || zone.value === '') return known(null, zone.at)
  return typeof zone.value === 'string' ? known(zone.value, zone.at) : unknown('it is no name', zone.at)
}

/** True where both zones show the same hour in winter and in summer; undefined for a name that nobody knows. */
export function isSameClock(a: string, b: string): boolean | undefined {
  if (a === b) return true
  const left = clock(a)
  const right = clock(b)
  return left === null || right === null ? undefined : left === right
}

const SEASONS = [Date.UTC(2025, 0, 15), Date.UTC(2025, 6, 15)]
const clocks = new Map<string, string | null>()

function clock(zone: string): string | null {
  let text = clocks.get(zone)
  if (text === undefined) {
    text = readClock(zone)
    clocks.set(zone, text)
  }
  return text
}

/** Null for a name that is none: `Intl` throws for it, and knows no way to ask first. */
function readClock(timeZone: string): string | null {
  try {
    const format = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'short', timeStyle: 'short' })
    return SEASONS.map(instant => format.format(instant)).join(' ')
  } catch {
    return null
  }
}
