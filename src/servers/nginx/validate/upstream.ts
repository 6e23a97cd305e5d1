import type { NginxDirective } from '../configuration.ts'
import { isPossibleNginxHost, parseNginxAddress, parseNginxNetwork } from '../../addresses/nginx.ts'
import { parseNumber, parseSize, parseTime } from './numbers.ts'
import {
  type Check,
  isBefore,
  isWhole,
  nameOf,
  programOf,
  type Reading,
  report,
  type Upstream,
} from './unit.ts'
import { refuse, refuseParameter, warnOfHostBits } from './values.ts'
import { declareZone } from './zones.ts'

export const checkUpstream: Check = (reading, directive, facts) => {
  const [name] = directive.args
  if (name === undefined) return
  const program = programOf(reading, facts)
  const key = name.value.toLowerCase()
  const upstream: Upstream = { directive, servers: 0, backups: 0, takesBackup: true }
  const first = program.upstreams.get(key)
  if (first !== undefined && !reading.unit.fragments) {
    const related = [{ at: nameOf(first.directive), message: 'here it is for the first time' }]
    report(reading, 'duplicate-upstream', directive, name, `the upstream \`${name.value}\` is there twice`, {
      related,
    })
  }
  const use = program.ports.get(key)
  if (use !== undefined && (isWhole(reading) || use.directive.source === directive.source))
    reportPort(reading, directive, name.value, use.port, use.directive)
  program.upstreams.set(key, upstream)
}

/**
 * An upstream's name with a port behind it: nginx takes the port for a mistake. Fragments may be of several
 * configurations, but what one file holds is read together.
 */
export function reportPort(
  reading: Reading,
  directive: NginxDirective,
  name: string,
  port: string,
  other: NginxDirective,
): void {
  const message = `the upstream \`${name}\` may not have the port ${port}: its servers name theirs`
  const related = [{ at: nameOf(other), message: 'the other half' }]
  report(reading, 'invalid-address', directive, directive.args[0] ?? null, message, { related })
}

export function currentUpstream(reading: Reading, directive: NginxDirective): Upstream | null {
  const { parent } = directive
  const name = parent?.args[0]?.value.toLowerCase()
  if (parent === null || name === undefined) return null
  const program = directive.context === 'stream upstream' ? reading.stream : reading.http
  const upstream = program.upstreams.get(name)
  return upstream?.directive === parent ? upstream : null
}

export const checkUpstreamServer: Check = (reading, directive, facts) => {
  const [address, ...parameters] = directive.args
  if (address === undefined) return
  const upstream = currentUpstream(reading, directive)
  let backup = false
  for (const word of parameters) {
    const { value } = word
    const equals = value.indexOf('=')
    const name = equals === -1 ? value : value.slice(0, equals + 1)
    const text = value.slice(equals + 1)
    switch (name) {
      case 'weight=':
        if (!(parseNumber(text) ?? 0))
          return void refuse(reading, directive, word, `\`${value}\` is no weight`)
        break
      case 'max_conns=':
      case 'max_fails=':
        if (parseNumber(text) === null)
          return void refuse(reading, directive, word, `\`${text}\` is no number`)
        break
      case 'fail_timeout=':
        if (parseTime(text, true) === null)
          return void refuse(reading, directive, word, `\`${text}\` is no time in seconds`)
        break
      case 'backup':
        if (upstream !== null && !upstream.takesBackup) {
          const message = 'the balancing method of this upstream does not know `backup`'
          report(reading, 'invalid-parameter', directive, word, message)
          return
        }
        backup = true
        break
      case 'down':
        break
      case 'resolve':
      case 'service=':
        if (isBefore(reading, '1.27.3')) return void refuseParameter(reading, directive, word)
        break
      case 'route=':
      case 'drain':
        if (isBefore(reading, '1.29.6')) return void refuseParameter(reading, directive, word)
        break
      case 'slow_start=':
        // A parameter of nginx Plus, whose versions begin with another number.
        if (!isBefore(reading, '99')) break
        return void refuseParameter(reading, directive, word)
      default:
        return void refuseParameter(reading, directive, word)
    }
  }
  // The records of a service bring their ports.
  const isAsked = parameters.some(({ value }) => value.startsWith('service='))
  const read = parseNginxAddress(address.value)
  if (
    typeof read === 'string' ||
    (facts.program === 'stream' && read.port === null && read.address.kind !== 'unix' && !isAsked)
  ) {
    const reason = typeof read === 'string' ? read : 'no port'
    report(
      reading,
      'invalid-address',
      directive,
      address,
      `\`${address.value}\` is no address of a server: ${reason}`,
    )
    return
  }
  if (!isPossibleNginxHost(read)) {
    report(
      reading,
      'invalid-address',
      directive,
      address,
      `\`${address.value}\` is no name that a host can have`,
    )
    return
  }
  if (upstream === null) return
  if (backup) upstream.backups++
  else upstream.servers++
}

/** The methods that know no `backup`, from where they stand on. */
export const checkBalancing: Check = (reading, directive) => {
  const upstream = currentUpstream(reading, directive)
  checkMethod(reading, directive)
  if (upstream !== null)
    upstream.takesBackup = directive.name === 'least_conn' || directive.name === 'least_time'
  const [first, second] = directive.args
  if (directive.name === 'hash' && second !== undefined && second.value !== 'consistent')
    refuseParameter(reading, directive, second)
  if (directive.name !== 'random') return
  if (first !== undefined && first.value !== 'two') refuseParameter(reading, directive, first)
  else if (second !== undefined && !/^least_(?:conn|time(?:=.*)?)$/.test(second.value))
    refuseParameter(reading, directive, second)
}

/** nginx keeps the last method; `keepalive` counts as one, and is lost where a method follows it. */
function checkMethod(reading: Reading, directive: NginxDirective): void {
  const siblings = directive.parent?.children ?? []
  const first = siblings
    .slice(0, siblings.indexOf(directive))
    .find(({ name }) => METHODS.has(name) || name === 'keepalive')
  if (first === undefined) return
  const message =
    first.name === 'keepalive'
      ? `\`${directive.name}\` stands behind \`keepalive\` and replaces it, so no connection is kept`
      : `\`${directive.name}\` replaces \`${first.name}\`, since an upstream has one method`
  report(reading, 'method-redefined', directive, null, message, {
    fatal: false,
    related: [{ at: nameOf(first), message: 'without effect' }],
  })
}

const METHODS: ReadonlySet<string> = new Set(['hash', 'ip_hash', 'least_conn', 'least_time', 'random'])

export const checkKeepalive: Check = (reading, directive) => {
  const [count] = directive.args
  if (count !== undefined && !(parseNumber(count.value) ?? 0))
    refuse(reading, directive, count, `\`${count.value}\` is no number of connections to keep`)
}

export const checkUpstreamZone: Check = (reading, directive, facts) => {
  const [name, size] = directive.args
  if (name === undefined) return
  if (name.value === '') {
    refuse(reading, directive, name, 'a zone needs a name')
    return
  }
  const bytes = size === undefined ? null : parseSize(size.value)
  if (size !== undefined && bytes === null) {
    refuse(reading, directive, size, `\`${size.value}\` is no size of a zone`)
    return
  }
  if (size !== undefined && (bytes ?? 0) < 32_768) {
    refuse(reading, directive, size, `a zone of ${size.value} is too small: it takes at least 32k`)
    return
  }
  declareZone(reading, directive, name, `${facts.program} upstream`, name.value, bytes)
}

/** What nginx finds at the `}` of an upstream. */
export function endUpstream(reading: Reading, directive: NginxDirective): void {
  const name = directive.args[0]
  const program = directive.context === 'stream' ? reading.stream : reading.http
  const upstream = name === undefined ? undefined : program.upstreams.get(name.value.toLowerCase())
  if (upstream === undefined || upstream.directive !== directive) return
  checkResolved(reading, directive)
  if (upstream.servers + upstream.backups > 0 || reading.unit.hasUnknownParts) return
  if (isFilledIn(directive)) return
  // Modules of others bring servers by directives of their own.
  if (directive.children.some(child => child.name !== 'server' && !BALANCING.has(child.name))) return
  report(reading, 'empty-upstream', directive, null, `the upstream \`${name?.value}\` has no servers`)
}

const BALANCING = new Set([
  'hash',
  'ip_hash',
  'least_conn',
  'random',
  'keepalive',
  'keepalive_requests',
  'keepalive_time',
  'keepalive_timeout',
  'zone',
  'include',
])

/** When the whole block ends: an upstream of nothing but backups serves nobody. */
export function checkUpstreams(reading: Reading, upstreams: Iterable<Upstream>): void {
  for (const { directive, servers, backups } of upstreams)
    if (servers === 0 && backups > 0) {
      const name = directive.args[0]
      report(
        reading,
        'empty-upstream',
        directive,
        name ?? null,
        `the upstream \`${name?.value}\` has only backup servers`,
      )
    }
}

/** A name that is resolved again at run time needs memory that the workers share. */
function checkResolved(reading: Reading, directive: NginxDirective): void {
  const server = directive.children.find(
    ({ name, args }) => name === 'server' && args.slice(1).some(({ value }) => value === 'resolve'),
  )
  if (server === undefined) return
  if (directive.children.some(({ name }) => name === 'zone' || name === 'include')) return
  const word = server.args.find(({ value }) => value === 'resolve') ?? null
  const message = `\`resolve\` needs a \`zone\` in the upstream \`${directive.args[0]?.value}\`, so that its workers share what they resolve`
  report(reading, 'invalid-parameter', server, word, message)
}

/** `allow` and `deny`: `all`, `unix:`, an address or a network. */
export const checkAccessRule: Check = (reading, directive) => {
  const [word] = directive.args
  if (word === undefined || word.value === 'all' || word.value === 'unix:') return
  const network = parseNginxNetwork(word.value)
  if (network === null)
    report(reading, 'invalid-address', directive, word, `\`${word.value}\` is no address or network`)
  else if (network.hostBits) warnOfHostBits(reading, 'invalid-address', directive, word, word.value)
}

/** True where a comment holds the place of what a script writes there: `# replace`, `# SERVERS HERE`. */
function isFilledIn({ node, source }: NginxDirective): boolean {
  return (node.block?.children ?? []).some(
    child =>
      child.kind === 'comment' &&
      /\b(?:replace[ds]?|insert(?:ed)?|placeholder|generated|filled|here)\b|[@%{<$]\w/i.test(
        source.text.slice(child.start, child.end),
      ),
  )
}
