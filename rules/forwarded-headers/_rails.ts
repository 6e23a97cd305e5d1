import { directoriesAbove } from '../../parsers/text/directories-above.ts'
import { posix } from 'node:path'
import type { Connection, NginxConnection } from '../../src/deployment/model.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'

/** What it does where it redirects all that it takes for plain HTTP: no page is answered. */
export const LOOPS = 'redirects https to https for ever'

const SERVERS: ReadonlySet<string> = new Set(['puma', 'unicorn', 'rails'])

/** What Rails does where it is not told that the client came by TLS; null where nothing of Rails is seen, or it does nothing. */
export function withoutScheme(connection: Connection): string | null {
  const code = settingsBehind(connection)
  return code === null ? null : doneBy(code)
}

/** True where Rails compares the `Origin` of a form with the scheme, the name and the port that it is asked for. */
export function comparesOrigin(connection: NginxConnection): boolean {
  const code = settingsBehind(connection)
  // Behind TLS of which nginx knows nothing clients come by its port.
  const isOverTls = code !== null && (knowsScheme(code) || /^\s*config\.force_ssl\s*=\s*true\s*$/m.test(code))
  return code !== null && !isOverTls && isComparing(code)
}

/** The settings for production of what answers, without comments; null where nothing of Rails is seen. */
function settingsBehind(connection: Connection): string | null {
  for (const { files, home } of homesOf(connection)) {
    const application = sourceAt(files, posix.join(home, 'config/application.rb'))
    if (application === null || !/\bRails::Application\b/.test(application.code)) continue
    const production = sourceAt(files, posix.join(home, 'config/environments/production.rb'))
    return [application.code, production?.code ?? '']
      .map(code => code.replace(/^[ \t]*#[^\n]*/gm, ''))
      .join('\n')
  }
  return null
}

/** Where the application may lie: where its server starts, what its image is built of, and above the public files. */
function* homesOf(connection: Connection): Iterable<{ readonly files: FileSystem; readonly home: string }> {
  for (const target of connection.targets) {
    const { machine } = target
    const container = machine?.container ?? null
    const program = serverBehind(target)
    if (program !== null && !SERVERS.has(program.server.program)) return
    const context = container?.service.build?.context
    if (container !== null && context?.known === true && context.value.startsWith('/'))
      yield { files: container.hostFiles, home: context.value }
    else if (program?.directory?.known === true)
      yield { files: program.machine.files, home: program.directory.value }
    else if (program === null && container === null && 'server' in connection) {
      const { server, block, from } = connection
      const root = effectiveAtHand(server.configuration, block, 'root')
      const path = root.known ? root.value.directives[0]?.args[0]?.value : undefined
      if (path === undefined || !/^\/[^$]*\/public\/?$/.test(path)) continue
      const { files } = from.machine
      yield { files, home: posix.dirname(path) }
      // The application keeps the file that is installed beside it: `config/deploy/nginx.conf`.
      if (files.kind(path) === null)
        for (const home of directoriesAbove(block.source.path)) yield { files, home }
    }
  }
}

function doneBy(code: string): string | null {
  if (knowsScheme(code)) return null
  const isRedirecting = !/\bssl_options\b[^\n]*\bredirect(?::|["']?\s*=>)\s*false\b/.test(code)
  if (isRedirecting && /^\s*config\.force_ssl\s*=\s*true\s*$/m.test(code)) return LOOPS
  return isComparing(code)
    ? "refuses every form with 422: HTTP Origin header didn't match request.base_url"
    : null
}

/** True where Rails has the scheme from elsewhere than its server. */
function knowsScheme(code: string): boolean {
  return /\bconfig\.assume_ssl\s*=\s*true\b|\bAssumeSSL\b|HTTP_X_FORWARDED_PROTO|rack\.url_scheme/.test(code)
}

function isComparing(code: string): boolean {
  const isChecking = Number(/\bload_defaults[ (]+["']?(\d+)/.exec(code)?.[1] ?? 0) >= 5
  return isChecking && !/\bapi_only\s*=\s*true|forgery_protection_origin_check\s*=\s*false/.test(code)
}
