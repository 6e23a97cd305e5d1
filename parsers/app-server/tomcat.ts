import { memo } from '../collections/memo.ts'
import { known, unknown, type Fact } from '../text/fact.ts'
import { isUnknownWord, type Place, type Source } from '../text/source.ts'
import type { AppAddress, AppBind, AppProtocol, AppServer } from './app-server.ts'
import { HTTP } from './binds.ts'
import { NOTHING_SAID } from './no-server.ts'

/**
 * Tomcat by its `server.xml`: the addresses of its connectors. Null where the file has none, or where an entity may
 * bring more.
 * https://tomcat.apache.org/tomcat-10.1-doc/config/http.html
 */
export function readTomcat(source: Source): AppServer | null {
  const text = withoutComments(source)
  if (/<!ENTITY|&[a-z][\w.-]*;(?<!&(?:amp|quot|lt|gt|apos);)/i.test(text) || !/<Server\b/.test(text))
    return null
  const binds: AppBind[] = []
  for (const { 0: element, 1: attributes = '', index } of text.matchAll(CONNECTOR)) {
    const at: Place = { source, start: index + 1, end: index + '<Connector'.length }
    const bind = bindOf(element, attributes, source, index, at)
    if (bind !== null) binds.push(bind)
  }
  const [first] = binds
  if (first === undefined) return null
  return {
    ...NOTHING_SAID,
    program: 'tomcat',
    at: first.at ?? { source, start: 0, end: 1 },
    application: null,
    binds,
    sources: [source],
  }
}

/** Tomcat of its image, which has the file that comes with it. */
export function tomcatAsItComes(at: Place): AppServer {
  return {
    ...NOTHING_SAID,
    program: 'tomcat',
    at,
    application: null,
    binds: [{ at, protocol: HTTP, address: known({ kind: 'ip', host: '::', port: 8080 }, at) }],
  }
}

const CONNECTOR = /<Connector\b((?:"[^"]*"|'[^']*'|[^>"'])*)>/g

/** What stands in a comment stays as long as it is, and says nothing. */
function withoutComments({ code }: Source): string {
  return code.replace(/<!--[\s\S]*?-->/g, comment => comment.replace(/[^\n]/g, ' '))
}

function attributesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(([, name = '', double, single]) => [
      name,
      double ?? single ?? '',
    ]),
  )
}

/** A connector of AJP that answers 403 to whoever does not send its secret. */
export interface AjpSecret {
  readonly secret: string
  readonly at: Place
}

/** Those of a `server.xml` whose secret is written in it, by their ports. */
export const ajpSecrets = memo((source: Source): ReadonlyMap<number, AjpSecret> => {
  const found = new Map<number, AjpSecret>()
  for (const { port, given, element, at } of ajpConnectors(source)) {
    const secret = given.get('secret') ?? ''
    if (given.get('secretRequired') === 'false' || !secret || isUnknownWord(secret) || /[$&%]/.test(secret))
      continue
    const start = at.start - 1 + element.search(/\bsecret\s*=/)
    found.set(port, { secret, at: { source, start, end: start + 'secret'.length } })
  }
  return found
})

/**
 * Connectors of AJP of a `server.xml` without a secret, which Tomcat since 9.0.31, 8.5.51 and 7.0.100 does not start, by
 * their ports; `requiredSecret` is the former name.
 */
export const ajpWithoutSecret = memo((source: Source): ReadonlyMap<number, Place> => {
  const found = new Map<number, Place>()
  for (const { port, given, at } of ajpConnectors(source)) {
    if (given.get('secret') || given.get('requiredSecret')) continue
    if ((given.get('secretRequired') ?? 'true') === 'true') found.set(port, at)
  }
  return found
})

interface AjpConnector {
  readonly port: number
  readonly given: ReadonlyMap<string, string>
  readonly element: string
  /** Of the name of the element. */
  readonly at: Place
}

function* ajpConnectors(source: Source): Iterable<AjpConnector> {
  for (const { 0: element, 1: attributes = '', index } of withoutComments(source).matchAll(CONNECTOR)) {
    const given = attributesOf(attributes)
    const port = given.get('port') ?? ''
    if (!/AJP/i.test(given.get('protocol') ?? '') || !/^\d{1,5}$/.test(port)) continue
    const at = { source, start: index + 1, end: index + '<Connector'.length }
    yield { port: Number(port), given, element, at }
  }
}

function bindOf(
  element: string,
  attributes: string,
  source: Source,
  offset: number,
  at: Place,
): AppBind | null {
  const given = attributesOf(attributes)
  const port = given.get('port') ?? ''
  if (port === '-1' || port === '0') return null
  const isAjp = /AJP/i.test(given.get('protocol') ?? '')
  const found = /\bport\s*=\s*["']/.exec(element)
  const start = offset + (found === null ? 0 : found.index + found[0].length)
  const place: Place = found === null ? at : { source, start, end: start + port.length }
  // Since 9.0.31 AJP listens on loopback alone where no address is written.
  const host = given.get('address') ?? (isAjp ? '127.0.0.1' : '::')
  const address: Fact<AppAddress> =
    /^\d{1,5}$/.test(port) && !/[$%]/.test(host)
      ? known({ kind: 'ip', host, port: Number(port) }, place)
      : unknown('a property of Java', place)
  return { at: place, protocol: protocolOf(given, isAjp, place), address }
}

function protocolOf(given: ReadonlyMap<string, string>, isAjp: boolean, at: Place): Fact<AppProtocol> {
  if (isAjp) return known('ajp', at)
  const secure = given.get('SSLEnabled') ?? 'false'
  return secure === 'false'
    ? HTTP
    : secure === 'true'
      ? known('https', at)
      : unknown('a property of Java', at)
}
