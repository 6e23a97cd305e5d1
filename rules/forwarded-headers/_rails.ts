import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import type { Connection, NginxConnection } from '../../src/deployment/model.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { railsHomes } from '../_rails-homes.ts'

/** What it does where it redirects all that it takes for plain HTTP: no page is answered. */
export const LOOPS = 'redirects https to https for ever'

const REFUSES_FORMS = "refuses every form with 422: HTTP Origin header didn't match request.base_url"

/** What Rails does where it is not told that the client came by TLS; null where nothing of Rails is seen, or it does nothing. */
export function withoutScheme(connection: Connection): string | null {
  const settings = settingsBehind(connection)
  if (settings === null) return null
  const done = doneBy(settings.code)
  const isCable = leadsToCable(connection, settings.code)
  return isCable && done !== LOOPS && !knowsScheme(settings.code)
    ? refusedByCable(connection, settings)
    : done
}

/** What Rails compares the `Origin` of a browser with, and what it does where the two differ. */
export interface ComparedOrigin {
  readonly said: string
  /** The class of the application. */
  readonly at: Place
  /** True where `X-Forwarded-Host` is taken for the name. */
  readonly readsForwarded: boolean
}

/** Null where Rails compares no name, or nobody knows. */
export function comparedOrigin(connection: Connection): ComparedOrigin | null {
  const settings = settingsBehind(connection)
  if (settings === null) return null
  const { code, at } = settings
  const isCable = leadsToCable(connection, code)
  const said = isCable ? refusedByCable(connection, settings) : isComparing(code) ? REFUSES_FORMS : null
  return said === null ? null : { said, at, readsForwarded: !isCable }
}

/** True of the location or the `ProxyPass` for the WebSocket of Action Cable alone. */
function leadsToCable(connection: Connection, code: string): boolean {
  const taken = frontLine(connection).paths?.taken.replace(/\/$/, '')
  const mounted = /\baction_cable\.mount_path\s*=\s*["']([^"']+)["']/.exec(code)?.[1] ?? '/cable'
  return taken !== undefined && taken !== '' && taken === mounted.replace(/\/$/, '')
}

/**
 * What becomes of a WebSocket whose `Origin` is not that of the request; null where the origin is allowed, or may be.
 *
 * @see https://guides.rubyonrails.org/action_cable_overview.html#allowed-request-origins
 */
function refusedByCable(connection: Connection, { code, hasInitializer }: RailsSettings): string | null {
  if (hasInitializer || /disable_request_forgery_protection\s*=\s*true/.test(code)) return null
  const { names } = frontLine(connection)
  const [, list] =
    /\baction_cable\.allowed_request_origins\s*=\s*(\[[^\]]*\]|%w[[({][^\])}]*[\])}]|[^\n]*)/.exec(code) ?? []
  if (list !== undefined) {
    // A pattern, or a variable, may be any.
    const words = /^%w.([^\])}]*)/.exec(list)?.[1]?.split(/\s+/)
    const origins = words ?? [...list.matchAll(/["']([^"'#]+)["']/g)].map(([, origin = '']) => origin)
    const isPlain = words !== undefined || /^\[\s*(?:["'][^"'#]*["']\s*,?\s*)*\]\s*$/.test(list)
    if (!isPlain || names.some(name => origins.includes(`https://${name}`))) return null
  }
  return 'refuses the WebSocket with 404: Request origin not allowed'
}

/** True where Rails compares the `Origin` of a form with the scheme, the name and the port that it is asked for. */
export function comparesOrigin(connection: NginxConnection): boolean {
  const code = settingsBehind(connection)?.code ?? null
  // Behind TLS of which nginx knows nothing clients come by its port.
  const isOverTls = code !== null && (knowsScheme(code) || /^\s*config\.force_ssl\s*=\s*true\s*$/m.test(code))
  return code !== null && !isOverTls && isComparing(code)
}

interface RailsSettings {
  /** Of the application and of production, without comments. */
  readonly code: string
  /** The class of the application. */
  readonly at: Place
  /** True where an initializer sets something of Action Cable. */
  readonly hasInitializer: boolean
}

/** The settings for production of what answers; null where nothing of Rails is seen. */
function settingsBehind(connection: Connection): RailsSettings | null {
  for (const { files, home } of railsHomes(connection)) {
    const application = sourceAt(files, posix.join(home, 'config/application.rb'))
    const start = application?.code.search(/\bRails::Application\b/) ?? -1
    const production = sourceAt(files, posix.join(home, 'config/environments/production.rb'))
    if (application === null && production !== null && isOfPages(production.code)) {
      const begin = production.code.indexOf(CONFIGURES)
      return {
        code: `config.load_defaults 7.0\n${production.code.replace(/^[ \t]*#[^\n]*/gm, '')}`,
        at: { source: production, start: begin, end: begin + CONFIGURES.length },
        hasInitializer: setsCable(files, posix.join(home, 'config/initializers')),
      }
    }
    if (application === null || start < 0) continue
    return {
      code: [application.code, production?.code ?? '']
        .map(code => code.replace(/^[ \t]*#[^\n]*/gm, ''))
        .join('\n'),
      at: { source: application, start, end: start + 'Rails::Application'.length },
      hasInitializer: setsCable(files, posix.join(home, 'config/initializers')),
    }
  }
  return null
}

const CONFIGURES = 'Rails.application.configure'

/** True for settings of Rails 7 or later that has pages with assets, where its `application.rb` is not in the audit. */
function isOfPages(code: string): boolean {
  return (
    code.includes(CONFIGURES) &&
    /^\s*config\.(?:enable_reloading|active_support\.report_deprecations)\b/m.test(code) &&
    /^\s*config\.assets\./m.test(code)
  )
}

const setsCable = memoByKey((files: FileSystem, directory: string): boolean =>
  (files.list(directory) ?? []).some(({ name }) =>
    /action_?cable/i.test(sourceAt(files, posix.join(directory, name))?.code ?? ''),
  ),
)

function doneBy(code: string): string | null {
  if (knowsScheme(code)) return null
  const isRedirecting = !/\bssl_options\b[^\n]*\bredirect(?::|["']?\s*=>)\s*false\b/.test(code)
  if (isRedirecting && /^\s*config\.force_ssl\s*=\s*true\s*$/m.test(code)) return LOOPS
  return isComparing(code) ? REFUSES_FORMS : null
}

/** True where Rails has the scheme from elsewhere than its server. */
function knowsScheme(code: string): boolean {
  return /\bconfig\.assume_ssl\s*=\s*true\b|\bAssumeSSL\b|HTTP_X_FORWARDED_PROTO|rack\.url_scheme/.test(code)
}

function isComparing(code: string): boolean {
  const isChecking = Number(/\bload_defaults[ (]+["']?(\d+)/.exec(code)?.[1] ?? 0) >= 5
  return isChecking && !/\bapi_only\s*=\s*true|forgery_protection_origin_check\s*=\s*false/.test(code)
}
