import { memo } from '../collections/memo.ts'
import { marginOf } from '../text/margin.ts'
import type { Place, Source } from '../text/source.ts'

/** A `server` of a backend: `127.0.0.1:8080`, or `/run/shop.sock`. */
export interface HaproxyServer {
  readonly host: string | null
  readonly port: number | null
  readonly socket: string | null
  /** True where HAProxy speaks TLS to it. */
  readonly tls: boolean
  readonly at: Place
}

/** A `frontend` or `listen` that takes HTTP. */
export interface HaproxyFrontend {
  /** Its first line. */
  readonly at: Place
  /** The `bind` by which clients come over TLS; null where none does. */
  readonly tlsAt: Place | null
  /** The request headers, in lower case, that it or a backend of it sets, of every request or of some. */
  readonly headers: ReadonlySet<string>
  /** Where its requests go; empty where something else than the file decides. */
  readonly servers: readonly HaproxyServer[]
}

interface Line {
  readonly words: readonly string[]
  readonly at: Place
}

interface Section {
  readonly kind: string
  readonly name: string
  /** The `defaults` that it names: `frontend www from tls`; null for the nearest above it. */
  readonly from: string | null
  readonly at: Place
  readonly lines: readonly Line[]
}

/** The frontends of a configuration. https://docs.haproxy.org/3.0/configuration.html */
export const readHaproxy = memo((source: Source): readonly HaproxyFrontend[] => {
  const sections = sectionsOf(source)
  const backends = new Map(
    sections.filter(({ kind }) => /^(?:backend|listen)$/.test(kind)).map(each => [each.name, each]),
  )
  const withDefaults = (section: Section): readonly Section[] => [section, ...defaultsOf(sections, section)]
  const mode = (section: Section): string =>
    withDefaults(section)
      .map(each => settingOf(each, 'mode'))
      .find(each => each !== undefined) ?? 'tcp'
  return sections.flatMap(section => {
    if (!/^(?:frontend|listen)$/.test(section.kind) || mode(section) !== 'http') return []
    const used = section.lines.flatMap(({ words }) =>
      /^(?:default_backend|use_backend)$/.test(words[0] ?? '') ? (words[1] ?? '') : [],
    )
    const targets = used.map(name => backends.get(name))
    const parts = [section, ...targets.filter(each => each !== undefined)]
    // A name that a variable makes.
    const isOpen = targets.includes(undefined)
    return [
      {
        at: section.at,
        tlsAt: section.lines.find(({ words }) => words[0] === 'bind' && words.includes('ssl'))?.at ?? null,
        headers: new Set(parts.flatMap(withDefaults).flatMap(headersOf)),
        servers: isOpen ? [] : parts.flatMap(serversOf),
      },
    ]
  })
})

function sectionsOf(source: Source): readonly Section[] {
  const sections: { kind: string; name: string; from: string | null; at: Place; lines: Line[] }[] = []
  const margin = marginOf(source)
  let start = 0
  for (const line of source.code.split('\n')) {
    const code = line.replace(/(?<!\\)#.*/, '')
    const words = code.split(/\s+/).filter(word => word !== '')
    const first = start + code.search(/\S|$/)
    const at = { source, start: first, end: start + code.trimEnd().length }
    start += line.length + 1
    const [kind, name = ''] = words
    if (kind === undefined) continue
    if (SECTION.test(kind) && !/^\s/.test(code.slice(margin)))
      sections.push({ kind, name, from: fromOf(words), at, lines: [] })
    else sections.at(-1)?.lines.push({ words, at })
  }
  return sections
}

const SECTION =
  /^(?:global|defaults|frontend|backend|listen|peers|resolvers|userlist|cache|program|mailers|ring|http-errors|log-forward|fcgi-app|crt-store)$/

/** What a section inherits, the nearest first: of `defaults` the one that it names alone. */
function defaultsOf(sections: readonly Section[], section: Section): readonly Section[] {
  const above = sections.slice(0, sections.indexOf(section)).filter(({ kind }) => kind === 'defaults')
  const own =
    section.from !== null
      ? above.findLast(({ name }) => name === section.from)
      : section.kind === 'defaults'
        ? undefined
        : above.at(-1)
  return own === undefined ? [] : [own, ...defaultsOf(sections, own)]
}

function fromOf(words: readonly string[]): string | null {
  const at = words.indexOf('from')
  return at === -1 ? null : (words[at + 1] ?? null)
}

function settingOf(section: Section, name: string): string | undefined {
  return section.lines.findLast(({ words }) => words[0] === name)?.words[1]
}

/** `http-request set-header X-Forwarded-Proto https`; `*` for what a script or `reqadd` of before writes. */
function headersOf({ lines }: Section): readonly string[] {
  return lines.flatMap(({ words: [first = '', second = '', third = ''] }) => {
    if (first === 'option' && second === 'forwardfor') return ['x-forwarded-for']
    if (/^req(?:add|i?rep)$/.test(first)) return ['*']
    if (first !== 'http-request') return []
    if (/^(?:set|add)-header$/.test(second)) return [third.toLowerCase()]
    return /^lua\.|^replace-header$/.test(second) ? ['*'] : []
  })
}

function serversOf({ lines }: Section): readonly HaproxyServer[] {
  return lines.flatMap(({ words, at }) => {
    const [first, , address = ''] = words
    if (first !== 'server') return []
    const [, host, port] = /^(?:ipv4@)?([\w.-]+):(\d+)$/.exec(address) ?? []
    const socket = /^(?:unix@)?(\/.+)$/.exec(address)?.[1] ?? null
    return [
      {
        host: host ?? null,
        port: port === undefined ? null : Number(port),
        socket,
        tls: words.includes('ssl'),
        at,
      },
    ]
  })
}

/** A health check by HTTP/1.1, which asks for no host. */
export interface HostlessCheck {
  /** The line that names the version. */
  readonly at: Place
  /** Those that are checked. */
  readonly servers: readonly HaproxyServer[]
}

/**
 * Checks of backends that send HTTP/1.1 without a `Host`, where an answer of 400 is none that they expect. Of no
 * `http-check expect` these are 2xx and 3xx.
 */
export const hostlessChecks = memo((source: Source): readonly HostlessCheck[] => {
  const sections = sectionsOf(source)
  return sections.flatMap(section => {
    if (!/^(?:backend|listen)$/.test(section.kind)) return []
    const nearest = (isMeant: (words: readonly string[]) => boolean): readonly Line[] =>
      [section, ...defaultsOf(sections, section)]
        .map(({ lines }) => lines.filter(({ words }) => isMeant(words)))
        .find(lines => lines.length > 0) ?? []
    const option = nearest(([first, second]) => first === 'option' && second === 'httpchk').at(-1)
    const rules = nearest(([first]) => first === 'http-check')
    if (option === undefined) return []
    const asking = [option, ...rules.filter(({ words }) => words[1] === 'send')]
    const [at] = asking.filter(({ words }) => words.some(word => /^HTTP\/1\.1/.test(word)))
    const isTold = asking.some(
      ({ words }) =>
        /\bhost\b/i.test(words.slice(2).join(' ')) || (words[1] === 'httpchk' && words.length > 5),
    )
    if (at === undefined || isTold || rules.some(takesRefusals)) return []
    const isChecked = nearest(([first]) => first === 'default-server').some(({ words }) =>
      words.includes('check'),
    )
    const servers = serversOf({
      ...section,
      lines: section.lines.filter(
        ({ words }) => (isChecked || words.includes('check')) && !words.includes('no-check'),
      ),
    })
    return servers.length === 0 ? [] : [{ at: at.at, servers }]
  })
})

/** True for a check that may take 400, or is made of steps that nobody follows. */
function takesRefusals({ words: [, kind, ...rest] }: Line): boolean {
  if (kind === 'connect' || kind === 'disable-on-404' || kind === 'send-state') return kind === 'connect'
  if (kind !== 'expect') return false
  const [status, value = ''] = rest.slice(-2)
  if (rest.includes('!')) return true
  if (status === 'status')
    return value.split(',').some(range => {
      const [from = '', to = from] = range.split('-')
      return Number(from) <= 400 && Number(to) >= 400
    })
  return status !== 'rstatus' || !/^\^?\(?[23]/.test(value) || /4/.test(value)
}
