import { withoutComments } from '../../parsers/python/without-comments.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'

export interface SchemeReader {
  readonly name: string
  readonly does: string
  /** Where no request is answered. */
  readonly loops?: true
}

const LOOPS = { does: 'redirects https to https for ever', loops: true } as const

/** What an application does where nothing tells it that the client came by TLS; null where nothing is seen. */
export function schemeReaderBehind(
  deployment: Deployment,
  { targets }: NginxConnection,
): SchemeReader | null {
  for (const target of targets) {
    const program = serverBehind(target)
    const settings = program?.server.program === 'node' ? program.server.settings : null
    if (settings?.get('req.secure')?.known === true) return { name: 'Express', ...LOOPS }
    if (settings?.get('cookie.secure')?.known === true)
      return { name: 'Express', does: 'sets no cookie of a session for TLS alone' }
    const source = program === null ? null : (deployment.moduleOf(program)?.source ?? null)
    const name = source === null || source === 'missing' ? null : redirectsByScheme(source)
    if (name !== null) return { name, ...LOOPS }
  }
  return null
}

/** Middleware that sends plain HTTP to https, as it sees the request. */
const redirectsByScheme = memo((source: Source): string | null => {
  const code = withoutComments(source.code)
  if (/(?:add_middleware|Middleware)\(\s*HTTPSRedirectMiddleware\b/.test(code))
    return '`HTTPSRedirectMiddleware`'
  const talisman = /^\s*(?:\w+\s*=\s*)?(Talisman|SSLify)\(([^()]*)\)/m.exec(code)
  if (talisman === null || /force_https\s*=|\bif\b[^\n]*:\s*$/m.test(talisman[2] ?? '')) return null
  return `\`${talisman[1]}\``
})
