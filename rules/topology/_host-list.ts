import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Place, Source } from '../../parsers/text/source.ts'

/** The names that an application answers. */
export interface HostList {
  readonly by: string
  readonly at: Place
  readonly said: string
  /** Where a name is added. */
  readonly to: string
  readonly takes: (name: string) => boolean
  /** True where it refuses addresses too that it does not have. */
  readonly ofAddresses?: true
  /** True where it is read once, and changed elsewhere from then on. */
  readonly atInstallation?: true
}

/** `TrustedHostMiddleware` of Starlette, which FastAPI has too; null where it is not there, or is told names by others. */
export function starletteList(source: Source): HostList | null {
  const code = withoutComments(source.code)
  const calls = [...code.matchAll(/\bTrustedHostMiddleware\s*,\s*/g)]
  const [call] = calls
  if (call === undefined || calls.length > 1) return null
  const written =
    /^(?:[^()]*?,\s*)?(allowed_hosts)\s*=\s*(\[[^\]]*\]|\([^()]*\)|["'][^"'\n]*["']|[A-Za-z_]\w*)\s*[,)]/.exec(
      code.slice(call.index + call[0].length),
    )
  const [, , value = ''] = written ?? []
  const list = /^[A-Za-z_]/.test(value) ? constantOf(code, value) : value
  if (written === null || list === null) return null
  // A text is asked whether the name stands among its letters.
  const isText = /^["']/.test(list)
  if (!isText && !TEXTS.test(list)) return null
  const names = isText ? [] : [...list.matchAll(/["']([^"'\n]*)["']/g)].map(([, name = '']) => name)
  const start = call.index + call[0].length + written[0].indexOf('allowed_hosts')
  return {
    by: /\bFastAPI\(/.test(code) ? 'FastAPI' : 'Starlette',
    at: { source, start, end: start + 'allowed_hosts'.length },
    said: 'Invalid host header',
    to: isText ? 'to a list: `allowed_hosts=["…"]`' : 'to `allowed_hosts`, without scheme and port',
    takes(given) {
      const name = given.replace(/:\d+$/, '')
      return names.some(
        each =>
          each === '*' ||
          each === name ||
          (each.startsWith('*') && name.endsWith(each.slice(1))) ||
          each === `www.${name}`,
      )
    },
    ofAddresses: true,
  }
}

/** Texts alone: what is computed, nobody here knows. */
const TEXTS = /^[[(](?:\s*(?:"[^"\n]*"|'[^'\n]*')\s*,?)*\s*[\])]$/

/** The list of texts that a module gives a name, once. */
function constantOf(code: string, name: string): string | null {
  const lines = [
    ...code.matchAll(
      new RegExp(`^${name}(?:\\s*:[^=\\n]+)?\\s*=\\s*(\\[[^\\]]*\\]|\\([^()]*\\))\\s*$`, 'gm'),
    ),
  ]
  const uses = [...code.matchAll(new RegExp(`\\b${name}\\b`, 'g'))]
  return lines.length === 1 && uses.length === 2 ? (lines[0]?.[1] ?? null) : null
}
