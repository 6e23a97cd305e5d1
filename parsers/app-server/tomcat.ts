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
  for (const { 0: element, 1: attributes = '', index } of withoutComments(source).matchAll(CONNECTOR)) {
    const given = attributesOf(attributes)
    const [port, secret] = ['port', 'secret'].map(name => given.get(name) ?? '')
    if (!/AJP/i.test(given.get('protocol') ?? '') || given.get('secretRequired') === 'false') continue
    if (port === undefined || !/^\d{1,5}$/.test(port)) continue
    if (!secret || isUnknownWord(secret) || /[$&%]/.test(secret)) continue
    const start = index + element.search(/\bsecret\s*=/)
    found.set(Number(port), {
      secret,
      at: { source, start, end: start + 'secret'.length },
    })
  }
  return found
})

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
