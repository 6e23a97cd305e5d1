import type { Place } from '../parsers/text/source.ts'
import type { Connection, Machine } from '../src/deployment/model.ts'
import { argumentPlace } from '../src/deployment/places.ts'
import type { ApacheConfiguration } from '../src/servers/apache/configuration.ts'
import { argumentPlace as apacheArgumentPlace } from '../src/servers/apache/queries/places.ts'
import type { NginxConfiguration } from '../src/servers/nginx/configuration.ts'

/** The account of the worker processes of nginx or Apache. */
export interface WorkerAccount {
  readonly name: string
  readonly group: string
  readonly at: Place | null
  /** True where the main file is not in the audit, and this is the account of the package whose layout the files have. */
  readonly isOfPackage?: true
}

/** Null where the main file is not in the audit, or the user is filled in elsewhere. */
export function nginxUser({ main, occurrences }: NginxConfiguration): WorkerAccount | null {
  const directive = occurrences.get('user')?.[0]
  // What the package was built with, where none is written: it differs.
  if (main === null || directive === undefined) return null
  const [name, group] = directive.args.map(({ value }) => value)
  if (name === undefined || !/^[\w.-]+$/.test(name)) return null
  return { name, group: group ?? name, at: argumentPlace(directive, 0) }
}

/** Null where no `User` is in the audit, or a variable that nobody sets hides it. */
export function apacheUser({ main, occurrences }: ApacheConfiguration): WorkerAccount | null {
  const [user, group] = ['user', 'group'].map(name => occurrences.get(name)?.at(-1))
  const name = user?.args[0]?.value
  if (main === null || user === undefined || name === undefined || !/^[\w.-]+$/.test(name)) return null
  const ownGroup = group?.args[0]?.value ?? name
  return /^[\w.-]+$/.test(ownGroup) ? { name, group: ownGroup, at: apacheArgumentPlace(user, 0) } : null
}

/** The server that connects, its account, and what it answers where a socket is closed to it. */
export function connectingWorker(connection: Connection): {
  readonly name: 'nginx' | 'Apache'
  readonly user: WorkerAccount | null
  readonly status: number
} {
  if ('server' in connection) {
    const { configuration } = connection.server
    return { name: 'nginx', user: nginxUser(configuration) ?? userOfPackage(configuration), status: 502 }
  }
  const { configuration } = connection.from
  return { name: 'Apache', user: apacheUser(configuration) ?? userOfPackage(configuration), status: 503 }
}

/** The directories of sites in Debian's packages of both servers, and of Red Hat's of Apache; all of them set a user. */
const LAYOUTS: readonly (readonly [layout: RegExp, user: string])[] = [
  [/\/etc\/(?:nginx|apache2)\/sites-(?:enabled|available)\//, 'www-data'],
  [/\/etc\/httpd\/conf\.d\//, 'apache'],
]

/** What the main file of the package says, where nobody sees the one of this machine. */
function userOfPackage({ main, sources }: ApacheConfiguration | NginxConfiguration): WorkerAccount | null {
  if (main !== null || sources.some(({ template }) => template)) return null
  const found = LAYOUTS.find(
    ([layout]) => sources.length > 0 && sources.every(({ path }) => layout.test(path)),
  )
  return found === undefined ? null : { name: found[1], group: found[1], at: null, isOfPackage: true }
}

/** How a message speaks of the account. */
export function shownAccount({ name, isOfPackage }: WorkerAccount): string {
  return `\`${name}\`${isOfPackage === true ? ' by its package' : ''}`
}

/** Pairs that no package makes members of each other. */
const STOCK = new Set([
  'nginx www-data',
  'www-data nginx',
  'nginx apache',
  'www-data apache',
  'http www-data',
  'nginx nobody',
  'www-data nobody',
  'apache nobody',
])

/** Alpine puts the user of its nginx, and that of its Apache, into the group `www-data`. */
const ALPINE = /^(?:apk|php\d+)$/

/** Whether a user is in a group of another name; undefined where /etc/group is not in the audit. */
export function isGroupMember({ files }: Machine, user: string, group: string): boolean | undefined {
  const read = files.read('/etc/group')
  if (read.kind !== 'source') {
    const isAlpine =
      files.kind('/etc/nginx/http.d') === 'directory' ||
      files.list('/etc')?.some(({ name }) => ALPINE.test(name)) === true
    if (isAlpine && group === 'www-data') return /^(?:nginx|apache)$/.test(user) || undefined
    return group === 'root' || STOCK.has(`${user} ${group}`) ? false : undefined
  }
  return read.source.code
    .split('\n')
    .some(line => line.startsWith(`${group}:`) && (line.split(':')[3] ?? '').split(',').includes(user))
}
