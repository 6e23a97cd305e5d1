import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { matchedPlace, type Place, type Source } from '../../parsers/text/source.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import type { AppServerProgram, Connection } from '../../src/deployment/model.ts'
import { type FileSystem, filesBelow, sourceAt } from '../../src/files/file-system.ts'

interface SpringFault {
  readonly at: Place
  readonly message: string
  readonly confidence?: 'medium'
}

/** Properties of former releases, with the first that passes them over: its parts as one number. */
const FORMER = [
  ['use-forward-headers', 203],
  ['tomcat.remote-ip-header', 205],
  ['tomcat.protocol-header', 205],
] as const
const CURRENT = [
  'forward-headers-strategy',
  'tomcat.remoteip.protocol-header',
  'tomcat.remoteip.remote-ip-header',
]

/**
 * What keeps Spring Boot from the scheme that a server with TLS sends; null where it may read it. Outside of a platform
 * that it knows, such as Kubernetes, it reads no such header before a property says so.
 */
export function springFault(program: AppServerProgram, connection: Connection): SpringFault | null {
  const { server } = program
  if (server.program !== 'spring' || !program.isSeen) return null
  const line = frontLine(connection)
  if (!line.tls || line.scheme !== 'https') return null
  const { settings } = server
  const release = settings.get('release')
  if (CURRENT.some(name => settings.has(name))) return null
  if (release === undefined) return FORMER.some(([name]) => settings.has(name)) ? null : loginOfJar(program)
  if (!release.known || release.at === null) return null
  const [major = 0, minor = 0] = String(release.value).split('.').map(Number)
  const number = major * 100 + minor
  for (const [name, since] of FORMER) {
    const fact = settings.get(name)
    if (fact === undefined) continue
    if (number < since || !fact.known || fact.at === null || fact.value === 'false') return null
    return readsByCode(program, release.at.source)
      ? null
      : {
          at: fact.at,
          message: `Spring Boot ${release.value} passes \`server.${name}\` over, which former releases have, so it does not read \`X-Forwarded-Proto\`, and makes its addresses with \`http://\``,
        }
  }
  const login = number < 202 || !asksProvider(server.sources) ? null : loginIn(release.at.source)
  if (login === null) return null
  return readsByCode(program, release.at.source)
    ? null
    : {
        at: login,
        message:
          'Spring Boot does not read `X-Forwarded-Proto` before `server.forward-headers-strategy` says so, and its `redirect_uri` begins with `http://`',
      }
}

/** The same of a jar of which no project is here: its own settings have a provider of OAuth. */
function loginOfJar({ server }: AppServerProgram): SpringFault | null {
  if (!asksProvider(server.sources)) return null
  const registration = server.sources.flatMap(source => {
    const match = /\bregistration\b/.exec(source.code)
    return match === null ? [] : [matchedPlace(source, match)]
  })[0]
  const at = server.binds[0]?.at ?? registration
  return at === undefined
    ? null
    : {
        at,
        confidence: 'medium',
        message:
          'no `server.forward-headers-strategy` stands here, so Spring Boot does not read `X-Forwarded-Proto`, unless its own code does, and the `redirect_uri` of its login begins with `http://`',
      }
}

/** True where clients are sent to a provider of OAuth, with an address that nothing writes out. */
function asksProvider(sources: readonly Source[]): boolean {
  const isSaid = (pattern: RegExp): boolean => sources.some(({ code }) => pattern.test(code))
  return (
    isSaid(/\boauth2\b[\s\S]*\bregistration\b/) &&
    !isSaid(/client_credentials|redirect-?_?uri(?:-template)?["']?\s*[:=]\s*(?!["']?\{baseUrl\})/i)
  )
}

/** The library by which a provider of OAuth is given an address to come back to. */
function loginIn(source: Source): Place | null {
  const match = /\bspring-boot-starter-oauth2-client\b/.exec(source.code)
  return match === null ? null : matchedPlace(source, match)
}

/** What reads the header besides, and is given to the application in its own code. */
const BY_CODE = /\b(?:ForwardedHeader(?:Filter|Transformer)|RemoteIpValve|ForwardedRequestCustomizer)\b/
const REACH = { levels: 16, skipped: /^(?:target|build|node_modules|test|\..*)$/ }
const MOST = 3000

/** True where the code of a project may read the header by itself, or there is too much of it to know. */
function readsByCode({ machine }: AppServerProgram, { path }: Source): boolean {
  return hasReader(machine.container?.hostFiles ?? machine.files, posix.dirname(path))
}

const hasReader = memoByKey((files: FileSystem, home: string): boolean => {
  let count = 0
  for (const path of filesBelow(files, home, REACH)) {
    if (!/\.(?:java|kt|groovy|scala)$/.test(path)) continue
    if (++count > MOST || BY_CODE.test(sourceAt(files, path)?.code ?? '')) return true
  }
  return false
})
